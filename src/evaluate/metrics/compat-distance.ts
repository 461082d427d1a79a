import { encodeAlone } from "../compat-encoding";
import type { EvaluationContext, Metric } from "../metric";
import { mean, quantile } from "../rows";

/**
 * DCR and NNDR as the original method reports them (HARMONIC, section 5): for each training row the distances to the two
 * nearest rows of the table, each table scaled by itself; then the same within the training rows, and within the table.
 * The 5th percentile of each, and as the headline the mean of the three distances.
 */
export const compatDistance: Metric = {
  name: "compat-distance",
  title: "DCR as the original's",
  area: "privacy",
  direction: "higher",
  description:
    "The original's distance to the closest record: the mean of three 5th percentiles (real to synthetic, within real, " +
    "within synthetic), each table in an encoding of its own. For comparison with its tables only.",
  parts: [
    { key: "between", title: "DCR, real to synthetic", direction: "higher" },
    { key: "real", title: "DCR, within real", direction: "higher" },
    { key: "synthetic", title: "DCR, within synthetic", direction: "higher" },
    { key: "ratio-between", title: "NNDR, real to synthetic", direction: "higher" },
    { key: "ratio-real", title: "NNDR, within real", direction: "higher" },
    { key: "ratio-synthetic", title: "NNDR, within synthetic", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    const d = table.length;
    const real = encodeAlone(context.train);
    const synthetic = encodeAlone(table);
    if (real.length < 3 * d || synthetic.length < 3 * d)
      return { value: NaN, notes: ["fewer than three rows"] };
    const between = await fifthPercentiles(synthetic, real, d, context);
    const within = await fifthPercentiles(real, undefined, d, context);
    const among = await fifthPercentiles(synthetic, undefined, d, context);
    return {
      value: mean([between.distance, within.distance, among.distance]),
      parts: {
        between: between.distance,
        real: within.distance,
        synthetic: among.distance,
        "ratio-between": between.ratio,
        "ratio-real": within.ratio,
        "ratio-synthetic": among.ratio,
      },
    };
  },
};

/** Of the distances to the closest point, and of their ratios to those to the second closest. */
async function fifthPercentiles(
  points: Float32Array,
  queries: Float32Array | undefined,
  d: number,
  context: EvaluationContext,
): Promise<{ distance: number; ratio: number }> {
  const { distances } = await context.neighbors({ points, ...(queries ? { queries } : {}), d, k: 2 });
  const n = distances.length / 2;
  const closest = Float64Array.from({ length: n }, (_, i) => distances[2 * i]!);
  // 0 / 0 is no number, and numpy's percentile would be none either: such rows are left out
  const ratios = closest
    .map((distance, i) => distance / distances[2 * i + 1]!)
    .filter((ratio) => !Number.isNaN(ratio));
  return { distance: quantile(closest.sort(), 0.05), ratio: quantile(ratios.sort(), 0.05) };
}
