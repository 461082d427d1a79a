import type { Random } from "../random";
import { rowCount } from "../table/columns";
import { pickRows, type Cells } from "./cells";

/** `size` distinct row ids below `n` in random order; all of them where there are no more. */
export function sampleIds(n: number, size: number, random: Random): Int32Array {
  const ids = Int32Array.from({ length: n }, (_, i) => i);
  return random.shuffle(ids).slice(0, size);
}

/** `size` random rows of a table without repeats; the table itself where it has no more. */
export function sampleRows(cells: Cells[], size: number, random: Random): Cells[] {
  const n = rowCount(cells);
  return n <= size ? cells : pickRows(cells, sampleIds(n, size, random));
}

/** The rows with these ids of a matrix of shape (n, d), row-major. */
export function rowsOf<T extends Float32Array | Float64Array>(x: T, d: number, ids: ArrayLike<number>): T {
  const picked = new (x.constructor as new (length: number) => T)(ids.length * d);
  for (let i = 0; i < ids.length; i++) picked.set(x.subarray(ids[i]! * d, (ids[i]! + 1) * d), i * d);
  return picked;
}

/** Mean of the numbers that are no NaN; NaN where there are none. */
export function mean(values: Iterable<number>): number {
  let sum = 0;
  let n = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    n++;
  }
  return n === 0 ? NaN : sum / n;
}

/** The quantile between the two nearest of the sorted values, as numpy's default; NaN where there are none. */
export function quantile(sorted: Float64Array | Float32Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}
