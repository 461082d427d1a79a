import { rowCount } from "../../table/convert";
import type { Cells } from "../cells";
import { around, bootstrapErrors } from "../intervals";
import type { EvaluationContext, Metric } from "../metric";
import { mean, quantile, sampleRows } from "../rows";
import { MAX_SCORED } from "./closest-record";

/**
 * Nearest neighbour distance ratio: distance to the closest over distance to the second closest training row, and the
 * same to as many holdout rows. Small ratios single a training row out.
 */
export const neighbourRatio: Metric = {
  name: "neighbour-ratio",
  title: "Nearest neighbour ratio",
  area: "privacy",
  direction: "higher",
  description:
    "Distance to the closest training row over that to the second closest, 5th percentile: where it is far below the " +
    "same to the holdout, rows sit upon single training rows.",
  parts: [
    { key: "holdout", title: "the same to the holdout", direction: "higher" },
    { key: "median-train", title: "median, to train", direction: "higher" },
    { key: "median-holdout", title: "median, to holdout", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    const { train, holdout } = context;
    const size = Math.min(rowCount(train), rowCount(holdout));
    if (size < 2) return { value: NaN, notes: ["fewer than two real rows to compare with"] };
    const rows = sampleRows(table, MAX_SCORED, context.random("rows scored"));
    const toTrain = await ratios(rows, sampleRows(train, size, context.random("closest record 0")), context);
    const toHoldout = await ratios(rows, sampleRows(holdout, size, context.random("holdout")), context);
    const low = (values: Float64Array): number => quantile(values.slice().sort(), 0.05);
    const value = low(toTrain);
    const [error] = bootstrapErrors(
      toTrain.length,
      (ids) => [low(Float64Array.from(ids, (id) => toTrain[id]!))],
      context.random("bootstrap ratio"),
    );
    return {
      value,
      interval: around(value, error!, 0, 1),
      parts: {
        holdout: low(toHoldout),
        "median-train": quantile(toTrain.slice().sort(), 0.5),
        "median-holdout": quantile(toHoldout.slice().sort(), 0.5),
      },
      detail: { rowsCompared: size, mean: mean(toTrain), meanHoldout: mean(toHoldout) },
      notes: rows === table ? [] : [`computed on ${MAX_SCORED} of the rows`],
    };
  },
};

/** Of each row of the table; 0 on top of a real row, 1 between two equally near, as two equal ones are. */
async function ratios(table: Cells[], rows: Cells[], context: EvaluationContext): Promise<Float64Array> {
  const { data, d } = context.distances.encode(rows);
  const { distances } = await context.neighbors({
    points: data,
    queries: context.distances.encode(table).data,
    d,
    k: 2,
  });
  return Float64Array.from({ length: distances.length / 2 }, (_, i) => {
    const second = distances[2 * i + 1]!;
    return second === 0 ? 1 : distances[2 * i]! / second;
  });
}
