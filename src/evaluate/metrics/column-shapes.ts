import { isMissing, rowCount, type CategoryColumn, type NumberColumn } from "../../table/columns";
import { pickRows, type Cells } from "../cells";
import { around, bootstrapErrors, type Interval } from "../intervals";
import type { Metric } from "../metric";
import { mean } from "../rows";

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
  async compute(table, { train, random }) {
    const shapes = train.map(shapeOf);
    const scoresOf = (rows: readonly Cells[]): number[] => shapes.map((shape, i) => shape(rows[i]!));
    const scores = scoresOf(table);
    const errors = bootstrapErrors(
      rowCount(table),
      (ids) => {
        const drawn = scoresOf(pickRows(table, ids));
        return [...drawn, mean(drawn)];
      },
      random("bootstrap shapes"),
    );
    const columns = train.map((real, i): ColumnShape => {
      const [missingReal, missing] = [shareMissing(real), shareMissing(table[i]!)];
      const interval = around(scores[i]!, errors[i]!, 0, 1);
      return { name: real.name, score: scores[i]!, interval, missingReal, missing };
    });
    const value = mean(scores);
    return {
      value,
      interval: around(value, errors[scores.length]!, 0, 1),
      parts: {
        worst: Math.min(...scores.filter((score) => !Number.isNaN(score))),
        missing: mean(columns.map(({ missingReal, missing }) => 1 - Math.abs(missingReal - missing))),
      },
      detail: { columns },
    };
  },
};

interface ColumnShape {
  name: string;
  /** NaN where one of the tables has no value in this column */
  score: number;
  interval: Interval;
  /** share of missing cells in train */
  missingReal: number;
  /** share of missing cells in the table scored */
  missing: number;
}

/**
 * What scores a column against this real one: numbers by 1 - the largest difference between the two cumulative
 * distributions, categories by 1 - half the sum of differences between their shares. Missing cells do not count.
 */
export function shapeOf(real: Cells): (scored: Cells) => number {
  if (real.kind === "number") {
    const sorted = sortedValues(real);
    return (scored) => ksSorted(sorted, sortedValues(scored as NumberColumn));
  }
  const shares = categoryShares(real);
  return (scored) => tvShares(shares, categoryShares(scored as CategoryColumn));
}

function shareMissing(column: Cells): number {
  const n = rowCount([column]);
  let missing = 0;
  for (let row = 0; row < n; row++) if (isMissing(column, row)) missing++;
  return missing / n;
}

function sortedValues({ scaled }: NumberColumn): Float64Array {
  return scaled.filter((value) => !Number.isNaN(value)).sort();
}

/** The Kolmogorov-Smirnov complement. */
function ksSorted(x: Float64Array, y: Float64Array): number {
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

/** The complement of the total variation distance. */
function tvShares(p: Float64Array | undefined, q: Float64Array | undefined): number {
  if (!p || !q) return NaN;
  let sum = 0;
  for (let code = 0; code < Math.max(p.length, q.length); code++)
    sum += Math.abs((p[code] ?? 0) - (q[code] ?? 0));
  return 1 - sum / 2;
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
