import { rowCount } from "../../table/columns";
import type { Cells } from "../cells";
import { around, bootstrapErrors } from "../intervals";
import type { EvaluationContext, Metric } from "../metric";
import { mean, quantile, sampleRows } from "../rows";

/** Most rows of each table; more would change little. */
const MAX_ROWS = 5_000;
/** Steps of alpha and beta from 0 to 1. */
const STEPS = Array.from({ length: 30 }, (_, i) => i / 29);

/**
 * Alpha-precision and beta-recall (Alaa et al., "How faithful is your synthetic data?", 2022), in the shared encoding
 * rather than a learnt one. Precision: for each alpha, the share of rows within the ball about the real centre that holds
 * a share alpha of the real rows. Recall: for each beta, the share of real rows that have a row nearer than their nearest
 * real neighbour, among the beta of those rows that are nearest the centre of their table. Both as 1 - the mean distance
 * from the diagonal (over the mean of the diagonal). Authenticity: share of rows that are farther from their nearest real
 * row than that one is from the next real row.
 */
export const alphaPrecision: Metric = {
  name: "alpha-precision",
  title: "Alpha-precision",
  area: "fidelity",
  direction: "higher",
  description: "Whether the rows lie where real ones do, common and rare alike: 1 is as real rows lie.",
  parts: [
    { key: "beta-recall", title: "beta-recall: real rows are all represented", direction: "higher" },
    { key: "authenticity", title: "authenticity: no row is a near copy", direction: "higher" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    if (Math.min(rowCount(context.train), rowCount(table)) < 2)
      return { value: NaN, notes: ["fewer than two rows"] };
    const size = Math.min(rowCount(table), rowCount(context.train), MAX_ROWS);
    const real = await context.once(`alpha real ${size}`, () => prepareReal(size, context));
    const sampled = sampleRows(table, size, context.random("alpha scored"));
    const scored = context.distances.encode(sampled);
    const { d } = scored;
    const toCentre = distancesTo(real.centre, scored.data, d);
    const precision = STEPS.map((alpha) => {
      const radius = quantile(real.radii, alpha);
      return mean(Array.from(toCentre, (distance) => (distance <= radius ? 1 : 0)));
    });
    const nearest = await context.neighbors({ points: scored.data, queries: real.points, d, k: 1 });
    const centre = centreOf(scored.data, d);
    const fromCentre = distancesTo(centre, scored.data, d);
    const closest = Float64Array.from(nearest.ids, (id) => fromCentre[id]!);
    const sorted = closest.slice().sort();
    const represented = Array.from(nearest.distances, (distance, i) => distance <= real.own[i]!);
    const recall = STEPS.map((beta) => {
      const radius = quantile(sorted, beta);
      return mean(represented.map((is, i) => (is && closest[i]! <= radius ? 1 : 0)));
    });
    const back = await context.neighbors({ points: real.points, queries: scored.data, d, k: 1 });
    const authentic = Array.from(back.distances, (distance, i) =>
      distance > real.own[back.ids[i]!]! ? 1 : 0,
    );
    const value = agreement(precision);
    const [error] = bootstrapErrors(
      toCentre.length,
      (ids) => [
        agreement(
          STEPS.map((alpha) => {
            const radius = quantile(real.radii, alpha);
            return mean(Array.from(ids, (id) => (toCentre[id]! <= radius ? 1 : 0)));
          }),
        ),
      ],
      context.random("bootstrap alpha"),
      { resamples: 40 },
    );
    return {
      value,
      interval: around(value, error!, 0, 1),
      parts: { "beta-recall": agreement(recall), authenticity: mean(authentic) },
      detail: { steps: STEPS, precision, recall },
      notes: size === MAX_ROWS ? [`on ${MAX_ROWS} rows of each table`] : [],
    };
  },
};

/** Some training rows: their centre, sorted distances from it, and each one's distance to the nearest other. */
async function prepareReal(
  size: number,
  context: EvaluationContext,
): Promise<{
  points: Float32Array;
  centre: Float64Array;
  radii: Float64Array;
  own: Float32Array;
}> {
  const rows: Cells[] = sampleRows(context.train, size, context.random("alpha real"));
  const { data, d } = context.distances.encode(rows);
  const centre = centreOf(data, d);
  const { distances } = await context.neighbors({ points: data, d, k: 1 });
  return { points: data, centre, radii: distancesTo(centre, data, d).sort(), own: distances };
}

function centreOf(data: Float32Array, d: number): Float64Array {
  const centre = new Float64Array(d);
  data.forEach((value, at) => (centre[at % d]! += value));
  return centre.map((sum) => (sum * d) / data.length);
}

function distancesTo(centre: Float64Array, data: Float32Array, d: number): Float64Array {
  const distances = new Float64Array(data.length / d);
  data.forEach((value, at) => (distances[Math.floor(at / d)]! += (value - centre[at % d]!) ** 2));
  return distances.map(Math.sqrt);
}

/** 1 - the mean distance of a curve from the diagonal, over the diagonal's mean. */
function agreement(curve: readonly number[]): number {
  let off = 0;
  let whole = 0;
  STEPS.forEach((step, i) => {
    off += Math.abs(step - curve[i]!);
    whole += step;
  });
  return 1 - off / whole;
}
