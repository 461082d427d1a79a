/** Distinct values, ascending, with how often each occurs. */
export interface Counts {
  values: number[];
  counts: number[];
}

/** The values that are not missing (NaN). */
export function countValues(all: Float64Array): Counts {
  const sorted = all.filter((value) => !Number.isNaN(value)).sort();
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    // -0 and 0 are one value.
    if (values.length > 0 && values.at(-1) === value) counts[counts.length - 1]!++;
    else {
      values.push(value + 0);
      counts.push(1);
    }
  }
  return { values, counts };
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The index of the greatest of ascending numbers that is at most x; -1 where all are greater. */
export function lastAtMost(ascending: readonly number[], x: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
