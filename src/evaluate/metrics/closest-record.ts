import { rowCount } from "../../table/columns";
import type { Cells } from "../cells";
import { around, twoSided } from "../intervals";
import type { EvaluationContext, Metric, Neighbors } from "../metric";
import { comparedHoldout, drawnTrain, firstOf, nearestReal, scoredRows } from "../nearest-real";
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
    { key: "significance", title: "chance of such a share without a leak", direction: "higher" },
    { key: "copying", title: "a copy of train would score", direction: "half" },
    { key: "median-train", title: "median distance to train", direction: "higher" },
    { key: "median-holdout", title: "median distance to holdout", direction: "higher" },
    { key: "low-train", title: "5th percentile to train", direction: "higher" },
    { key: "low-holdout", title: "5th percentile to holdout", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, context, _whole, name) {
    const near = await nearestReal(table, context, name);
    const { size, k, notes } = near;
    const rows = scoredRows(table, context);
    const seen = firstOf(near.holdout, k);
    const shares: number[] = [];
    const errors: number[] = [];
    const toTrain: Float32Array[] = [];
    for (let draw = 0; draw < nDrawsOf(size, context); draw++) {
      const known =
        draw === 0 ? firstOf(near.train, k) : await nearestOf(drawnTrain(draw, size, context), rows, context);
      shares.push(shareCloser(known.distances, seen.distances));
      errors.push(errorOfShare(known, seen, size));
      toTrain.push(known.distances.slice().sort());
    }
    const sorted = seen.distances.slice().sort();
    const trainQuantile = (share: number): number => mean(toTrain.map((values) => quantile(values, share)));
    const value = mean(shares);
    const error = mean(errors);
    return {
      value,
      interval: around(value, error, 0, 1),
      parts: {
        significance: error === 0 ? NaN : twoSided((value - 0.5) / error),
        copying: await context.once("score of copying", () => scoreOfCopying(size, context)),
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
      notes,
    };
  },
};

/** The closest of `rows` to each point. */
function nearestOf(rows: Cells[], queries: Float32Array, context: EvaluationContext): Promise<Neighbors> {
  const { data, d } = context.distances.encode(rows);
  return context.neighbors({ points: data, queries, d, k: 1 });
}

function shareCloser(toTrain: Float32Array, toHoldout: Float32Array): number {
  return mean(
    Array.from(toTrain, (distance, i) => (distance < toHoldout[i]! ? 1 : distance > toHoldout[i]! ? 0 : 0.5)),
  );
}

/**
 * Standard error of the share where training and holdout rows are interchangeable, as they are without a leak: of which
 * rows are called "train" all choices are as likely. A real row weighs as many rows as have it as their closest, so rows
 * that crowd about few real ones say less. Variance of a sum of weights over half of 2 * size rows drawn at random.
 */
function errorOfShare(train: Neighbors, holdout: Neighbors, size: number): number {
  const weights = new Float64Array(2 * size);
  const n = train.ids.length;
  train.ids.forEach((id, i) => {
    const [a, b] = [train.distances[i]!, holdout.distances[i]!];
    if (a <= b) weights[id]! += (a < b ? 1 : 0.5) / n;
    if (b <= a) weights[size + holdout.ids[i]!]! += (b < a ? 1 : 0.5) / n;
  });
  const average = 1 / weights.length;
  const squares = weights.reduce((sum, weight) => sum + (weight - average) ** 2, 0);
  return Math.sqrt(((squares / 4) * weights.length) / (weights.length - 1));
}

/** One draw is enough where it takes all training rows. */
function nDrawsOf(size: number, { train }: EvaluationContext): number {
  return rowCount(train) > size ? DRAWS : 1;
}

/** The share that training rows themselves score, which no copying can exceed. */
async function scoreOfCopying(size: number, context: EvaluationContext): Promise<number> {
  const { train, distances } = context;
  const copies = distances.encode(sampleRows(train, MAX_COPIES, context.random("copies"))).data;
  const toHoldout = await nearestOf(comparedHoldout(size, context), copies, context);
  const shares: number[] = [];
  for (let draw = 0; draw < nDrawsOf(size, context); draw++) {
    const toTrain = await nearestOf(drawnTrain(draw, size, context), copies, context);
    shares.push(shareCloser(toTrain.distances, toHoldout.distances));
  }
  return mean(shares);
}
