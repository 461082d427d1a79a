import { rowCount } from "../table/columns";
import { fromScaled } from "../table/number";
import type { Cells } from "./cells";

/**
 * The original method's features: categories numbered in sorted order among those that this table has, then every column
 * scaled to mean 0 and deviation 1, both fitted on the table itself, so that two tables are measured by two rules. Missing
 * cells, which the original does not take, are numbered before the first category, or stand at the mean of numbers.
 * Shape (n, d), row-major.
 */
export function encodeAlone(table: readonly Cells[]): Float32Array {
  const n = rowCount(table);
  const d = table.length;
  const data = new Float32Array(n * d);
  table.forEach((column, j) => {
    const values = valuesOf(column);
    const present = values.filter((value) => !Number.isNaN(value));
    const mean = present.reduce((sum, value) => sum + value, 0) / Math.max(1, present.length);
    const variance =
      present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, present.length);
    const deviation = variance > 0 ? Math.sqrt(variance) : 1;
    values.forEach((value, i) => (data[i * d + j] = Number.isNaN(value) ? 0 : (value - mean) / deviation));
  });
  return data;
}

function valuesOf(column: Cells): Float64Array {
  if (column.kind === "number") return column.scaled.map((scaled) => fromScaled(scaled, column.decimals));
  const sorted = [...new Set(column.codes)].sort((a, b) => a - b);
  const labels = new Map(sorted.map((code, label) => [code, label]));
  return Float64Array.from(column.codes, (code) => labels.get(code)!);
}
