import { isMissing, rowCount } from "../../table/columns";
import { pickRows, type Cells } from "../cells";
import { encodeAlone } from "../compat-encoding";
import { examplesOf, measure, predict, sampleExamples, type Examples } from "../examples";
import { learnerKinds, MAX_KERNEL_ROWS } from "../learners";
import type { EvaluationContext, Metric } from "../metric";
import { mean } from "../rows";
import { tune } from "../tune";

/**
 * MLE as the original method reports it: each table encoded by itself, the settings of four learners chosen by its grid
 * with five folds of real rows, and the mean of their weighted F1 and of their MCC, or of their R2.
 */
export const compatLearning: Metric = {
  name: "compat-learning",
  title: "MLE as the original's",
  area: "utility",
  direction: "higher",
  description:
    "The original's machine learning efficiency: mean weighted F1 (or R2) of four tuned learners, each table in an " +
    "encoding of its own. For comparison with its tables only.",
  parts: [{ key: "mcc", title: "mean MCC", direction: "higher" }],
  yardstick: "train",
  async compute(table, context) {
    const train = encodedExamples(table, context);
    const test = encodedExamples(context.test, context);
    if (train.y.length === 0 || test.y.length === 0) {
      return { value: NaN, notes: ["no row has a value in the target column"] };
    }
    const kinds = await context.once("compat learners", () => {
      const task = context.task === "regression" ? "regression" : "classification";
      const real = encodedExamples(context.train, context);
      return Promise.all(
        learnerKinds(task, rowCount(context.train)).map((kind) => tune(kind, real, context)),
      );
    });
    const figures = await Promise.all(
      kinds.map(async (kind) => {
        const most = kind.learner === "svm-rbf" ? MAX_KERNEL_ROWS : Infinity;
        const rows = sampleExamples(train, most, context.random("compat rows"));
        const predicted = await predict(kind, rows, test, context);
        return measure(test.y, predicted, test.nClasses === 0 ? 0 : predicted.length / test.y.length);
      }),
    );
    return {
      value: mean(figures.map(({ f1, r2 }) => f1 ?? r2!)),
      parts: { mcc: mean(figures.map(({ mcc }) => mcc ?? NaN)) },
      detail: {
        learners: kinds.map(({ learner, parameters }, i) => ({ learner, parameters, ...figures[i]! })),
      },
    };
  },
};

/** The rows that have the target, in the encoding of their own table. */
function encodedExamples(table: Cells[], context: EvaluationContext): Examples {
  const { target } = context;
  const ids = Array.from({ length: rowCount(table) }, (_, row) => row).filter(
    (row) => !isMissing(table[target]!, row),
  );
  const features = pickRows(table, ids).filter((_, c) => c !== target);
  return { ...examplesOf(table, context), x: encodeAlone(features), d: features.length };
}
