import { rowCount } from "../../table/convert";
import { pickRows, type Cells } from "../cells";
import { around, bootstrapErrors } from "../intervals";
import type { Metric } from "../metric";
import { mean } from "../rows";

/**
 * Mean over columns of how much of the real column is there: of a category the share of its real values that occur
 * (SDMetrics' CategoryCoverage), of a number the share of its real range that is spanned (RangeCoverage).
 */
export const coverage: Metric = {
  name: "coverage",
  title: "Coverage",
  area: "fidelity",
  direction: "higher",
  description:
    "Share of the real categories that occur, and of the real ranges that are spanned, averaged over columns; fewer " +
    "rows cover less.",
  parts: [
    { key: "categories", title: "categories", direction: "higher" },
    { key: "ranges", title: "ranges", direction: "higher" },
    { key: "worst", title: "worst column", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, { train, random }) {
    const scoresOf = (rows: readonly Cells[]): number[] => train.map((real, i) => covered(real, rows[i]!));
    const scores = scoresOf(table);
    const [error] = bootstrapErrors(
      rowCount(table),
      (ids) => [mean(scoresOf(pickRows(table, ids)))],
      random("bootstrap coverage"),
      { size: rowCount(table) > 20_000 ? 20_000 : Infinity, resamples: 30 },
    );
    const of = (kind: Cells["kind"]): number => mean(scores.filter((_, i) => train[i]!.kind === kind));
    const value = mean(scores);
    return {
      value,
      interval: around(value, error!, 0, 1),
      parts: {
        categories: of("category"),
        ranges: of("number"),
        worst: Math.min(...scores.filter((score) => !Number.isNaN(score))),
      },
      detail: { columns: train.map(({ name }, i) => ({ name, score: scores[i] })) },
    };
  },
};

/** NaN where the real column has no value, or one number only. */
function covered(real: Cells, scored: Cells): number {
  if (real.kind === "category" && scored.kind === "category") {
    const wanted = new Set(real.codes);
    wanted.delete(-1);
    const found = new Set(scored.codes);
    return wanted.size === 0 ? NaN : [...wanted].filter((code) => found.has(code)).length / wanted.size;
  }
  if (real.kind !== "number" || scored.kind !== "number") throw new TypeError("columns of two kinds");
  const [low, high] = rangeOf(real.scaled);
  const [from, to] = rangeOf(scored.scaled);
  if (!(low < high)) return NaN;
  if (!(from <= to)) return 0;
  const missed = Math.max(0, from - low) + Math.max(0, high - to);
  return Math.max(0, 1 - missed / (high - low));
}

/** Least and largest of the numbers; infinite, the wrong way round, where there are none. */
function rangeOf(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
