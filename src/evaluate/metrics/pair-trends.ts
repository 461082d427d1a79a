import type { Column, NumberColumn } from "../../table/columns";
import { rowCount } from "../../table/convert";
import type { Metric } from "../metric";
import { mean } from "../rows";

/** Bins of a number beside a category. */
const BINS = 10;
/** Most cells of a contingency table that is counted in an array; larger ones are hashed. */
const MAX_DENSE = 1 << 20;

/**
 * Mean over all pairs of columns: two numbers, correlation similarity 1 - |r - r'| / 2; else contingency similarity,
 * 1 - half the sum of differences of the joint shares, numbers in ten bins of equal width over the real range.
 * The formulas are those of SDMetrics' CorrelationSimilarity and ContingencySimilarity. Its ColumnPairTrends bins
 * each table over its own range, which takes points from identical distributions; here the bins are shared.
 */
export const pairTrends: Metric = {
  name: "pair-trends",
  title: "Pair trends",
  area: "fidelity",
  direction: "higher",
  description:
    "How well the relation between each two columns matches the real one, averaged over all pairs: 1 is the same.",
  parts: [
    { key: "correlation", title: "pairs of numbers", direction: "higher" },
    { key: "contingency", title: "pairs with a category", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, { train }) {
    const pairs: Pair[] = [];
    const real = train.map((column) => new PreparedColumn(column, column));
    const scored = table.map((column, i) => new PreparedColumn(column, train[i]!));
    for (let a = 0; a < real.length; a++) {
      for (let b = a + 1; b < real.length; b++) {
        pairs.push(comparePair(real[a]!, real[b]!, scored[a]!, scored[b]!));
      }
    }
    const scoresOf = (kind: Pair["kind"]): number[] =>
      pairs.filter((pair) => pair.kind === kind).map((p) => p.score);
    return {
      value: mean(pairs.map((pair) => pair.score)),
      parts: { correlation: mean(scoresOf("correlation")), contingency: mean(scoresOf("contingency")) },
      detail: { pairs },
    };
  },
};

interface Pair {
  columns: [string, string];
  kind: "correlation" | "contingency";
  /** NaN where the real correlation is not defined: a constant column */
  score: number;
  /** correlations in train and in the table scored */
  real?: number;
  scored?: number;
}

/** A column with its cells as bins, which are computed once for all pairs. */
class PreparedColumn {
  private held: Int32Array | undefined;
  readonly nBins: number;

  /** `real`: the training column that gives the bins their edges. */
  constructor(
    readonly column: Column,
    private readonly real: Column,
  ) {
    this.nBins = 1 + (real.kind === "category" ? Math.max(real.values.length, lengthOf(column)) : BINS);
  }

  /** Bin of each cell, 0 missing. */
  get bins(): Int32Array {
    this.held ??=
      this.column.kind === "category"
        ? this.column.codes.map((code) => code + 1)
        : binNumbers(this.column, this.real as NumberColumn);
    return this.held;
  }
}

function lengthOf(column: Column): number {
  return column.kind === "category" ? column.values.length : 0;
}

/** Bins of equal width from the least to the largest real value; values beyond go to the outermost. */
function binNumbers(column: NumberColumn, real: NumberColumn): Int32Array {
  let low = Infinity;
  let high = -Infinity;
  for (const value of real.scaled) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // numpy widens a range of one value by a half to each side
  if (!(low < high)) [low, high] = [low - 0.5, high + 0.5];
  const edges = Array.from({ length: BINS + 1 }, (_, i) => low + ((high - low) * i) / BINS);
  return Int32Array.from(column.scaled, (value) => {
    if (Number.isNaN(value)) return 0;
    let bin = 1;
    while (bin < BINS && value >= edges[bin]!) bin++;
    return bin;
  });
}

function comparePair(a: PreparedColumn, b: PreparedColumn, x: PreparedColumn, y: PreparedColumn): Pair {
  const columns: [string, string] = [a.column.name, b.column.name];
  if (a.column.kind === "category" || b.column.kind === "category") {
    return { columns, kind: "contingency", score: contingencySimilarity(a, b, x, y) };
  }
  const real = correlation(a.column.scaled, b.column.scaled);
  const scored = correlation((x.column as NumberColumn).scaled, (y.column as NumberColumn).scaled);
  // A column that only the scored table holds constant has lost its relation: as good as no correlation.
  const score = 1 - Math.abs(real - (Number.isNaN(scored) ? 0 : scored)) / 2;
  return { columns, kind: "correlation", score, real, scored };
}

/** Pearson's r over the rows where both have a value; NaN where one of them is constant. */
export function correlation(x: Float64Array, y: Float64Array): number {
  let n = 0;
  let meanX = 0;
  let meanY = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let i = 0; i < x.length; i++) {
    const a = x[i]!;
    const b = y[i]!;
    if (a !== a || b !== b) continue;
    n++;
    const dx = a - meanX;
    const dy = b - meanY;
    meanX += dx / n;
    meanY += dy / n;
    xx += dx * (a - meanX);
    yy += dy * (b - meanY);
    xy += dx * (b - meanY);
  }
  return xx === 0 || yy === 0 ? NaN : xy / Math.sqrt(xx * yy);
}

function contingencySimilarity(
  a: PreparedColumn,
  b: PreparedColumn,
  x: PreparedColumn,
  y: PreparedColumn,
): number {
  const width = Math.max(b.nBins, y.nBins);
  const size = Math.max(a.nBins, x.nBins) * width;
  const nReal = rowCount([a.column]);
  const nScored = rowCount([x.column]);
  const differences: Float64Array | Map<number, number> =
    size <= MAX_DENSE ? new Float64Array(size) : new Map<number, number>();
  addShares(differences, a.bins, b.bins, width, 1 / nReal);
  addShares(differences, x.bins, y.bins, width, -1 / nScored);
  let sum = 0;
  for (const difference of differences.values()) sum += Math.abs(difference);
  return 1 - sum / 2;
}

function addShares(
  out: Float64Array | Map<number, number>,
  rows: Int32Array,
  columns: Int32Array,
  width: number,
  share: number,
): void {
  if (out instanceof Float64Array) {
    for (let i = 0; i < rows.length; i++) out[rows[i]! * width + columns[i]!]! += share;
    return;
  }
  for (let i = 0; i < rows.length; i++) {
    const at = rows[i]! * width + columns[i]!;
    out.set(at, (out.get(at) ?? 0) + share);
  }
}
