import type { Learner } from "../native/addon";
import { rowCount } from "../table/columns";
import { pickRows, type Cells } from "./cells";
import type { FeatureEncoder } from "./features";
import type { EvaluationContext } from "./metric";
import { rowsOf, sampleIds } from "./rows";

/** Training rows and as many of a table, as features, in random order. */
export interface TwoSamples {
  real: Float32Array;
  scored: Float32Array;
  /** rows of each */
  n: number;
  d: number;
}

/** At most `size` random rows of train and as many of the table; the same ones whatever the features. */
export function twoSamples(
  table: Cells[],
  size: number,
  context: EvaluationContext,
  features: FeatureEncoder = context.rowFeatures,
): TwoSamples {
  const n = Math.min(rowCount(table), rowCount(context.train), size);
  const sample = (rows: Cells[], purpose: string): Float32Array =>
    features.encode(pickRows(rows, sampleIds(rowCount(rows), n, context.random(`two samples ${purpose}`))));
  return { real: sample(context.train, "real"), scored: sample(table, "scored"), n, d: features.d };
}

/**
 * What a learner that was fitted on the rows `fit` of both samples, each of its class, says of the rows `test` of both:
 * the probability of being no training row, those of train first; shape (2 * test.length).
 */
export async function discriminate(
  learner: Learner,
  { real, scored, d }: TwoSamples,
  fit: ArrayLike<number>,
  test: ArrayLike<number>,
  context: EvaluationContext,
): Promise<Float64Array> {
  const stack = (ids: ArrayLike<number>): Float32Array => {
    const x = new Float32Array(2 * ids.length * d);
    x.set(rowsOf(real, d, ids));
    x.set(rowsOf(scored, d, ids), ids.length * d);
    return x;
  };
  const probabilities = await context.fitPredict({
    learner,
    task: "classification",
    x: stack(fit),
    y: new Float64Array(2 * fit.length).fill(1, fit.length),
    test: stack(test),
    d,
    nClasses: 2,
    parameters: {},
  });
  return probabilities.filter((_, at) => at % 2 === 1);
}
