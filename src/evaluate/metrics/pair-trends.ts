import { rowCount } from "../../table/columns";
import { binCells, equalWidths, Shares, type Binned } from "../bins";
import { pickRows, type Cells } from "../cells";
import { chooseColumns } from "../choose-columns";
import { correlation } from "../correlation";
import { around, bootstrapErrors } from "../intervals";
import type { Metric } from "../metric";
import { mean } from "../rows";
import { sdmetricsTrends } from "../sdmetrics-trends";

/** Bins of a number beside a category. */
const BINS = 10;

/**
 * Mean over all pairs of columns: two numbers, correlation similarity 1 - |r - r'| / 2; else contingency similarity,
 * 1 - half the sum of differences of the joint shares, numbers in ten bins of equal width over the real range.
 * The formulas are those of SDMetrics' CorrelationSimilarity and ContingencySimilarity. Its ColumnPairTrends bins
 * each table over its own range and counts only pairs above a threshold, which takes points from identical
 * distributions; here all pairs count and the bins are shared. Its figure is given beside ours.
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
    { key: "sdmetrics", title: "by SDMetrics 0.32, pairs above its threshold", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(whole, { train: all, random }) {
    const chosen = chooseColumns([...all.keys()], random("trend columns"));
    const [train, table] = [all, whole].map((columns) => chosen.map((c) => columns[c]!)) as [
      Cells[],
      Cells[],
    ];
    const pairs = pairsOf(train);
    const scored = pairs.compare(table);
    const [error] = bootstrapErrors(
      rowCount(table),
      (ids) => [mean(pairs.compare(pickRows(table, ids)).map(({ score }) => score))],
      random("bootstrap trends"),
      { resamples: 30 },
    );
    const scoresOf = (kind: Pair["kind"]): number[] =>
      scored.filter((pair) => pair.kind === kind).map((pair) => pair.score);
    const value = mean(scored.map(({ score }) => score));
    return {
      value,
      interval: around(value, error!, 0, 1),
      parts: {
        correlation: mean(scoresOf("correlation")),
        contingency: mean(scoresOf("contingency")),
        sdmetrics: sdmetricsTrends(train, table),
      },
      detail: { pairs: scored },
      notes: chosen.length < all.length ? [`the pairs of ${chosen.length} of ${all.length} columns`] : [],
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

/** All pairs of the real columns, with what comparing needs of the real side. */
function pairsOf(train: readonly Cells[]): { compare(table: readonly Cells[]): Pair[] } {
  const borders = train.map((column) => (column.kind === "number" ? equalWidths(column, BINS) : []));
  const binned = train.map((column, i) => binCells(column, borders[i]!));
  const reals = train.flatMap((a, i) =>
    train.slice(i + 1).map((b, at) => {
      const j = i + 1 + at;
      const columns: [string, string] = [a.name, b.name];
      if (a.kind === "number" && b.kind === "number") {
        return { i, j, columns, correlation: correlation(a.scaled, b.scaled) };
      }
      // Wide enough for values that train does not have; the shares are counted anew where another table has more.
      const sizes = [binned[i]!.size, binned[j]!.size];
      return { i, j, columns, sizes, shares: new Shares(sizes, [binned[i]!.bins, binned[j]!.bins]) };
    }),
  );
  return {
    compare(table) {
      const bins: (Binned | undefined)[] = [];
      const binsOf = (i: number): Binned => (bins[i] ??= binCells(table[i]!, borders[i]!));
      return reals.map((pair): Pair => {
        const { i, j, columns } = pair;
        const [x, y] = [table[i]!, table[j]!];
        if (pair.correlation !== undefined && x.kind === "number" && y.kind === "number") {
          const scored = correlation(x.scaled, y.scaled);
          // A column that only the scored table holds constant has lost its relation: as good as no correlation.
          const score = 1 - Math.abs(pair.correlation - (Number.isNaN(scored) ? 0 : scored)) / 2;
          return { columns, kind: "correlation", score, real: pair.correlation, scored };
        }
        const sizes = [Math.max(binned[i]!.size, binsOf(i).size), Math.max(binned[j]!.size, binsOf(j).size)];
        const fits = pair.sizes?.every((size, c) => size === sizes[c]);
        const real = fits ? pair.shares! : new Shares(sizes, [binned[i]!.bins, binned[j]!.bins]);
        const score = real.similarity(new Shares(sizes, [binsOf(i).bins, binsOf(j).bins]));
        return { columns, kind: "contingency", score };
      });
    },
  };
}
