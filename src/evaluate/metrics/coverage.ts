import { rowCount } from "../../table/columns";
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
  async compute(table, { train, random, once }) {
    const covers = once("coverage real", () => train.map(coverOf));
    const scoresOf = (rows: readonly Cells[]): number[] => covers.map((covered, i) => covered(rows[i]!));
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

/** How much of this real column another covers; NaN where the real one has no value, or one number only. */
function coverOf(real: Cells): (scored: Cells) => number {
  if (real.kind === "category") {
    const wanted = new Set(real.codes);
    wanted.delete(-1);
    return (scored) => {
      if (scored.kind !== "category") throw new TypeError("columns of two kinds");
      const found = new Uint8Array(scored.values.length);
      for (const code of scored.codes) if (code >= 0) found[code] = 1;
      return wanted.size === 0 ? NaN : [...wanted].filter((code) => found[code] === 1).length / wanted.size;
    };
  }
  const [low, high] = rangeOf(real.scaled);
  return (scored) => {
    if (scored.kind !== "number") throw new TypeError("columns of two kinds");
    const [from, to] = rangeOf(scored.scaled);
    if (!(low < high)) return NaN;
    if (!(from <= to)) return 0;
    const missed = Math.max(0, from - low) + Math.max(0, high - to);
    return Math.max(0, 1 - missed / (high - low));
  };
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
