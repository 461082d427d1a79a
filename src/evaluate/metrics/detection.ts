import type { Learner } from "../../native/addon";
import { discriminate, twoSamples, type TwoSamples } from "../discriminate";
import { deviation } from "../intervals";
import type { EvaluationContext, Metric } from "../metric";
import { mean } from "../rows";
import { areaUnderCurve } from "../scores";

const FOLDS = 5;
/** Half width of a 95 % interval of the mean of five folds, in standard errors (Student's t, 4 degrees). */
const T95 = 2.776;
/** Most rows of each table; more would only narrow an interval that is narrow already. */
const MAX_ROWS = 10_000;

/**
 * Classifier two-sample test (Lopez-Paz and Oquab 2017): mean over five folds of the AUC with which boosted trees, and
 * logistic regression, tell real training rows from the rows scored, both in equal number.
 */
export const detection: Metric = {
  name: "detection",
  title: "Detection",
  area: "fidelity",
  direction: "half",
  description:
    "How well a classifier tells the rows from real ones (AUC of XGBoost): 0.5 is not at all; well below 0.5 means " +
    "rows so close to training rows that they stand in for them.",
  parts: [{ key: "logistic-regression", title: "by logistic regression", direction: "half" }],
  yardstick: "fresh",
  async compute(table, context) {
    const samples = twoSamples(table, MAX_ROWS, context);
    if (samples.n < 2 * FOLDS) return { value: NaN, notes: [`fewer than ${2 * FOLDS} rows`] };
    const ranked = twoSamples(table, MAX_ROWS, context, context.rankedRowFeatures);
    const [trees, linear] = await Promise.all([
      areasOf("xgboost", ranked, context),
      areasOf("logistic-regression", samples, context),
    ]);
    const value = mean(trees);
    const half = (T95 * deviation(trees)) / Math.sqrt(FOLDS);
    return {
      value,
      interval: [Math.max(0, value - half), Math.min(1, value + half)],
      parts: { "logistic-regression": mean(linear) },
      detail: { folds: trees, linearFolds: linear },
      notes: samples.n === MAX_ROWS ? [`on ${samples.n} rows of each table`] : [],
    };
  },
};

/** The area under the curve of each fold. */
function areasOf(learner: Learner, samples: TwoSamples, context: EvaluationContext): Promise<number[]> {
  const ids = Array.from({ length: samples.n }, (_, i) => i);
  return Promise.all(
    Array.from({ length: FOLDS }, async (_, fold) => {
      const test = ids.filter((i) => i % FOLDS === fold);
      const fit = ids.filter((i) => i % FOLDS !== fold);
      const said = await discriminate(learner, samples, fit, test, context);
      return areaUnderCurve(said, (row) => row >= test.length);
    }),
  );
}
