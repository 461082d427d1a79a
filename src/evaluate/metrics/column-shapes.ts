import type { CategoryColumn, Column, NumberColumn } from "../../table/columns";
import { rowCount } from "../../table/convert";
import type { Metric } from "../metric";
import { isMissing, mean } from "../rows";

/**
 * Mean over columns of the Kolmogorov-Smirnov complement (numbers) and the total variation complement
 * (categories) of present values, as SDMetrics' ColumnShapes defines them.
 */
export const columnShapes: Metric = {
  name: "column-shapes",
  title: "Column shapes",
  area: "fidelity",
  direction: "higher",
  description:
    "How well each column's distribution matches the real one, averaged over columns: 1 is the same distribution.",
  parts: [
    { key: "worst", title: "worst column", direction: "higher" },
    { key: "missing", title: "shares of missing cells", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, { train }) {
    const columns = train.map((real, i) => compareColumn(real, table[i]!));
    const scores = columns.map(({ score }) => score).filter((score) => !Number.isNaN(score));
    const missing = columns.map(({ missingReal, missing }) => 1 - Math.abs(missingReal - missing));
    return {
      value: mean(scores),
      parts: { worst: Math.min(...scores), missing: mean(missing) },
      detail: { columns },
    };
  },
};

interface ColumnShape {
  name: string;
  /** NaN where one of the tables has no value in this column */
  score: number;
  /** share of missing cells in train */
  missingReal: number;
  /** share of missing cells in the table scored */
  missing: number;
}

function compareColumn(real: Column, scored: Column): ColumnShape {
  const score =
    real.kind === "number"
      ? ksComplement(real, scored as NumberColumn)
      : tvComplement(real, scored as CategoryColumn);
  return { name: real.name, score, missingReal: shareMissing(real), missing: shareMissing(scored) };
}

function shareMissing(column: Column): number {
  const n = rowCount([column]);
  let missing = 0;
  for (let row = 0; row < n; row++) if (isMissing(column, row)) missing++;
  return missing / n;
}

/** 1 - the largest difference between the two cumulative distributions. */
export function ksComplement(a: NumberColumn, b: NumberColumn): number {
  const x = a.scaled.filter((value) => !Number.isNaN(value)).sort();
  const y = b.scaled.filter((value) => !Number.isNaN(value)).sort();
  if (x.length === 0 || y.length === 0) return NaN;
  let largest = 0;
  let i = 0;
  let j = 0;
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i]!, y[j]!);
    while (i < x.length && x[i] === value) i++;
    while (j < y.length && y[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / x.length - j / y.length));
  }
  return 1 - largest;
}

/** 1 - half the sum of differences between the shares of categories. */
export function tvComplement(a: CategoryColumn, b: CategoryColumn): number {
  const p = categoryShares(a);
  const q = categoryShares(b);
  if (!p || !q) return NaN;
  return 1 - p.reduce((sum, share, code) => sum + Math.abs(share - q[code]!), 0) / 2;
}

/** Share of each category among the cells with a value; undefined where there are none. */
function categoryShares(column: CategoryColumn): Float64Array | undefined {
  const counts = new Float64Array(column.values.length);
  let n = 0;
  for (const code of column.codes) {
    if (code < 0) continue;
    counts[code]!++;
    n++;
  }
  return n === 0 ? undefined : counts.map((count) => count / n);
}
