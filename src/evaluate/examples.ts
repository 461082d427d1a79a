import type { Random } from "../random";
import { isMissing, rowCount } from "../table/columns";
import { fromScaled } from "../table/number";
import { pickRows, type Cells } from "./cells";
import type { LearnerKind } from "./learners";
import type { Direction, EvaluationContext } from "./metric";
import { rowsOf, sampleIds } from "./rows";
import * as scores from "./scores";

/** Rows that have the target, as features and targets. */
export interface Examples {
  /** shape (n, d), row-major */
  x: Float32Array;
  d: number;
  /** class indices, or values; shape (n) */
  y: Float64Array;
  /** 0 for regression */
  nClasses: number;
}

/** A figure of how well targets were predicted. */
export interface Measure {
  key: string;
  title: string;
  direction: Direction;
}

export const CLASSIFICATION: readonly Measure[] = [
  { key: "f1", title: "weighted F1", direction: "higher" },
  { key: "accuracy", title: "accuracy", direction: "higher" },
  { key: "auc", title: "AUC", direction: "higher" },
  { key: "mcc", title: "MCC", direction: "higher" },
];
export const REGRESSION: readonly Measure[] = [
  { key: "r2", title: "R2", direction: "higher" },
  { key: "rmse", title: "RMSE", direction: "lower" },
];

/** The rows of a table that have the target, in these features. */
export function examplesOf(
  table: Cells[],
  { features, target, train }: Pick<EvaluationContext, "features" | "target" | "train">,
): Examples {
  const n = rowCount(table);
  const ids = Array.from({ length: n }, (_, row) => row).filter((row) => !isMissing(table[target]!, row));
  const rows = ids.length === n ? table : pickRows(table, ids);
  const column = rows[target]!;
  const known = train[target]!;
  return {
    x: features.encode(rows),
    d: features.d,
    y:
      column.kind === "category"
        ? Float64Array.from(column.codes)
        : column.scaled.map((scaled) => fromScaled(scaled, column.decimals)),
    nClasses:
      column.kind === "category" && known.kind === "category"
        ? Math.max(2, column.values.length, known.values.length)
        : 0,
  };
}

/** At most `size` of the examples, drawn at random. */
export function sampleExamples(examples: Examples, size: number, random: Random): Examples {
  const n = examples.y.length;
  return n <= size ? examples : chooseExamples(examples, sampleIds(n, size, random));
}

/** The examples with these ids. */
export function chooseExamples(examples: Examples, ids: ArrayLike<number>): Examples {
  return {
    ...examples,
    x: rowsOf(examples.x, examples.d, ids),
    y: rowsOf(examples.y, 1, ids),
  };
}

/** What a learner fitted on `train` says of `test`: (m, k) scores of classes, or (m) values. */
export function predict(
  { learner, parameters }: Pick<LearnerKind, "learner" | "parameters">,
  train: Examples,
  test: Examples,
  context: EvaluationContext,
): Promise<Float64Array> {
  return context.fitPredict({
    learner,
    task: context.task === "regression" ? "regression" : "classification",
    x: train.x,
    y: train.y,
    test: test.x,
    d: train.d,
    nClasses: Math.max(train.nClasses, test.nClasses),
    parameters,
  });
}

/** All measures of the predictions for rows of these targets, and the k classes (0: values). */
export function measure(truth: Float64Array, predicted: Float64Array, k: number): Record<string, number> {
  if (k === 0) {
    return { r2: scores.rSquared(truth, predicted), rmse: scores.rootMeanSquaredError(truth, predicted) };
  }
  const classes = Int32Array.from(truth);
  const guesses = scores.argmaxRows(predicted, k);
  return {
    f1: scores.weightedF1(classes, guesses, k),
    accuracy: scores.accuracy(classes, guesses),
    auc: scores.classificationAuc(classes, predicted, k),
    mcc: scores.matthews(classes, guesses, k),
  };
}
