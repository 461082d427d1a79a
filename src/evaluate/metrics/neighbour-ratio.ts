import { around, bootstrapErrors } from "../intervals";
import type { Metric, Neighbors } from "../metric";
import { nearestReal } from "../nearest-real";
import { mean, quantile } from "../rows";

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
  async compute(table, context, _whole, name) {
    const { train, holdout, size, k, notes } = await nearestReal(table, context, name);
    if (k < 2) return { value: NaN, notes: ["fewer than two real rows to compare with"] };
    const [toTrain, toHoldout] = [ratios(train), ratios(holdout)];
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
      notes,
    };
  },
};

/** Of each row of the table; 0 on top of a real row, 1 between two equally near, as two equal ones are. */
function ratios({ distances }: Neighbors): Float64Array {
  return Float64Array.from({ length: distances.length / 2 }, (_, i) => {
    const second = distances[2 * i + 1]!;
    return second === 0 ? 1 : distances[2 * i]! / second;
  });
}
