import type { Points } from "../../encode/encoding";
import type { Column } from "../../table/columns";
import { rowCount } from "../../table/convert";
import type { EvaluationContext, Metric } from "../metric";
import { mean, quantile, sampleRows } from "../rows";

/** Draws of as many training rows as there are holdout rows. */
const DRAWS = 5;
/** Most training rows whose own score shows what copying would give. */
const MAX_COPIES = 5_000;
/** Shares of the distances that go into the detail, for histograms. */
const STEPS = Array.from({ length: 41 }, (_, i) => i / 40);

/**
 * Distance to the closest record: the share of rows that lie closer to a training row than to a holdout row, ties
 * half, with as many of the ones as of the others and both in one encoding fitted on the training rows. Where there
 * are more training rows, the figures are means over several draws of them.
 */
export const closestRecord: Metric = {
  name: "closest-record",
  title: "Closer to train",
  area: "privacy",
  direction: "half",
  description:
    "Share of rows whose closest real row is a training row rather than one of as many rows never seen: 0.5 shows " +
    "no leak by distance, which alone does not prove privacy.",
  parts: [
    { key: "copying", title: "a copy of train would score", direction: "half" },
    { key: "median-train", title: "median distance to train", direction: "higher" },
    { key: "median-holdout", title: "median distance to holdout", direction: "higher" },
    { key: "low-train", title: "5th percentile to train", direction: "higher" },
    { key: "low-holdout", title: "5th percentile to holdout", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    const { train, holdout, distances } = context;
    if (table === holdout) return { value: NaN, notes: ["no real rows besides the holdout were given"] };
    const size = Math.min(rowCount(train), rowCount(holdout));
    const scored = distances.encode(table);
    const seen = await nearestTo(sampleRows(holdout, size, context.random("holdout")), scored, context);
    const shares: number[] = [];
    const toTrain: Float32Array[] = [];
    const nDraws = rowCount(train) > size ? DRAWS : 1;
    for (let draw = 0; draw < nDraws; draw++) {
      const rows = sampleRows(train, size, context.random(`closest record ${draw}`));
      const distance = await nearestTo(rows, scored, context);
      shares.push(shareCloser(distance, seen));
      toTrain.push(distance.sort());
    }
    const sorted = seen.slice().sort();
    const trainQuantile = (share: number): number => mean(toTrain.map((values) => quantile(values, share)));
    return {
      value: mean(shares),
      parts: {
        copying: await scoreOfCopying(size, context),
        "median-train": trainQuantile(0.5),
        "median-holdout": quantile(sorted, 0.5),
        "low-train": trainQuantile(0.05),
        "low-holdout": quantile(sorted, 0.05),
      },
      detail: {
        draws: shares,
        rowsCompared: size,
        shares: STEPS,
        quantilesToTrain: STEPS.map(trainQuantile),
        quantilesToHoldout: STEPS.map((share) => quantile(sorted, share)),
      },
    };
  },
};

/** Distance of each point to the closest of `rows`, shape (m). */
async function nearestTo(rows: Column[], queries: Points, context: EvaluationContext): Promise<Float32Array> {
  const { data, d } = context.distances.encode(rows);
  const squared = await context.nearest({ points: data, queries: queries.data, d, k: 1 });
  return squared.map(Math.sqrt);
}

function shareCloser(toTrain: Float32Array, toHoldout: Float32Array): number {
  return mean(
    toTrain.map((distance, i) => (distance < toHoldout[i]! ? 1 : distance > toHoldout[i]! ? 0 : 0.5)),
  );
}

/** The share that training rows themselves score, which no copying can exceed. */
async function scoreOfCopying(size: number, context: EvaluationContext): Promise<number> {
  const { train, holdout, distances } = context;
  const copies = distances.encode(sampleRows(train, MAX_COPIES, context.random("copies")));
  const toHoldout = await nearestTo(sampleRows(holdout, size, context.random("holdout")), copies, context);
  const toTrain = await nearestTo(
    sampleRows(train, size, context.random("closest record 0")),
    copies,
    context,
  );
  return shareCloser(toTrain, toHoldout);
}
