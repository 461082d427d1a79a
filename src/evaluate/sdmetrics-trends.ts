import { rowCount, type NumberColumn } from "../table/columns";
import { equalWidths, Shares, type Binned } from "./bins";
import type { Cells } from "./cells";
import { correlation } from "./correlation";
import { mean } from "./rows";

/** Pairs whose relation is weaker than this in the real table do not count. */
const MIN_CORRELATION = 0.5;
const MIN_ASSOCIATION = 0.3;
const BINS = 10;

/**
 * Column Pair Trends as SDMetrics 0.32 reports it: only pairs of a real correlation above 0.5, or of a Cramer's V above
 * 0.3, and each table's numbers in ten bins over its own range, the largest value and missing ones in an eleventh. NaN
 * where no pair counts. SDMetrics looks at 50,000 random rows of larger tables, this at all.
 */
export function sdmetricsTrends(train: readonly Cells[], table: readonly Cells[]): number {
  const real = train.map(discretise);
  const scored = table.map(discretise);
  const n = rowCount(train);
  const scores: number[] = [];
  for (let i = 0; i < train.length; i++) {
    for (let j = i + 1; j < train.length; j++) {
      const [a, b, x, y] = [train[i]!, train[j]!, table[i]!, table[j]!];
      if (a.kind === "number" && b.kind === "number" && x.kind === "number" && y.kind === "number") {
        const before = correlation(a.scaled, b.scaled);
        // a constant column is an error there, and the pair does not count
        if (Math.abs(before) > MIN_CORRELATION)
          scores.push(1 - Math.abs(before - correlation(x.scaled, y.scaled)) / 2);
        continue;
      }
      const sizes = [Math.max(real[i]!.size, scored[i]!.size), Math.max(real[j]!.size, scored[j]!.size)];
      const shares = new Shares(sizes, [real[i]!.bins, real[j]!.bins]);
      if (shares.cramersV(n) > MIN_ASSOCIATION) {
        scores.push(shares.similarity(new Shares(sizes, [scored[i]!.bins, scored[j]!.bins])));
      }
    }
  }
  return mean(scores);
}

function discretise(column: Cells): Binned {
  return column.kind === "category"
    ? { bins: column.codes.map((code) => code + 1), size: column.values.length + 1 }
    : { bins: digitise(column), size: BINS + 2 };
}

/** numpy's digitize over the column's own histogram edges. */
function digitise(column: NumberColumn): Int32Array {
  const borders = equalWidths(column, BINS);
  const largest = column.scaled.reduce((a, b) => (b > a ? b : a), -Infinity);
  return Int32Array.from(column.scaled, (value) => {
    if (Number.isNaN(value) || (value === largest && borders[BINS - 2]! < largest)) return BINS + 1;
    let bin = 1;
    while (bin < BINS && value >= borders[bin - 1]!) bin++;
    return bin;
  });
}
