import type { Column } from "../table/columns";

/** Rows that are looked at, at most, at even distances. */
const MOST_ROWS = 1000;
/** Numbers and dates of a table, beyond which comparing them all would take too long. */
const MOST_COLUMNS = 64;
/** Rows with both values below which nothing is said. */
const FEWEST_ROWS = 64;

/**
 * Whether another column of numbers or dates tells a column's values more finely than bins of a share `binShare` of the
 * rows could: of rows that are neighbours by the other column, the median lie less than a bin apart. Bins would lose what
 * is known then, and digits keep it. Of tables of very many columns nothing is said.
 */
export function isToldFinely(column: Column, columns: readonly Column[], binShare: number): boolean {
  if (!("scaled" in column)) return false;
  const others = columns.filter((other) => other !== column && "scaled" in other);
  if (others.length > MOST_COLUMNS) return false;
  return others.some((other) => {
    if (!("scaled" in other)) return false;
    const apart = neighborDistance(column.scaled, other.scaled);
    return apart !== undefined && apart < binShare;
  });
}

/** The median distance, as a share of the rows, by `x` of rows that follow one another by `y`. */
function neighborDistance(x: Float64Array, y: Float64Array): number | undefined {
  const step = Math.max(1, Math.ceil(x.length / MOST_ROWS));
  const rows: number[] = [];
  for (let row = 0; row < x.length; row += step) {
    if (!Number.isNaN(x[row]!) && !Number.isNaN(y[row]!)) rows.push(row);
  }
  if (rows.length < FEWEST_ROWS) return undefined;
  const rank = new Map([...rows].sort((a, b) => x[a]! - x[b]!).map((row, place) => [row, place]));
  // Rows alike by y stand as far apart as chance has it.
  const byY = [...rows].sort((a, b) => y[a]! - y[b]! || scattered(a) - scattered(b));
  const distances = byY.slice(1).map((row, i) => Math.abs(rank.get(row)! - rank.get(byY[i]!)!));
  return distances.sort((a, b) => a - b)[distances.length >> 1]! / rows.length;
}

/** An order of the rows that has nothing to do with the table's (Knuth's multiplicative hash). */
const scattered = (row: number): number => Math.imul(row, 2654435761) >>> 0;
