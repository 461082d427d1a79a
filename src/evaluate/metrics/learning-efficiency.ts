import type { Learner } from "../../native/addon";
import type { Column } from "../../table/columns";
import { rowCount, selectRows } from "../../table/convert";
import { fromScaled } from "../../table/number";
import type { Direction, EvaluationContext, Metric, MetricResult, Part } from "../metric";
import { isMissing, mean } from "../rows";
import * as scores from "../scores";

interface LearnerKind {
  learner: Learner;
  title: string;
  parameters: Record<string, number>;
}

const BOOSTING: LearnerKind = {
  learner: "xgboost",
  title: "XGBoost",
  parameters: { rounds: 100, depth: 5, learningRate: 0.1 },
};
const CLASSIFIERS: LearnerKind[] = [
  { learner: "logistic-regression", title: "logistic regression", parameters: { C: 1 } },
  BOOSTING,
];
const REGRESSORS: LearnerKind[] = [
  { learner: "logistic-regression", title: "linear regression", parameters: { C: 0.5 } },
  BOOSTING,
];

interface Measure {
  key: string;
  title: string;
  direction: Direction;
}

const CLASSIFICATION: Measure[] = [
  { key: "f1", title: "weighted F1", direction: "higher" },
  { key: "accuracy", title: "accuracy", direction: "higher" },
  { key: "auc", title: "AUC", direction: "higher" },
  { key: "mcc", title: "MCC", direction: "higher" },
];
const REGRESSION: Measure[] = [
  { key: "r2", title: "R2", direction: "higher" },
  { key: "rmse", title: "RMSE", direction: "lower" },
];

/** Machine learning efficiency: learners fitted on the rows scored, tested on real test rows. */
export const classificationEfficiency: Metric = {
  name: "learning-efficiency",
  title: "MLE: weighted F1",
  area: "utility",
  direction: "higher",
  description:
    "How well models trained on the rows predict the target of real test rows (weighted F1, mean over the " +
    "learners); beside it models trained on the real rows.",
  parts: partsOf(CLASSIFIERS, CLASSIFICATION),
  yardstick: "train",
  compute: (table, context) => score(table, context, CLASSIFIERS, CLASSIFICATION, classify),
};

/** The same for a target that is a number. */
export const regressionEfficiency: Metric = {
  name: "learning-efficiency",
  title: "MLE: R2",
  area: "utility",
  direction: "higher",
  description:
    "How well models trained on the rows predict the target of real test rows (share of its variance explained, " +
    "mean over the learners); beside it models trained on the real rows.",
  parts: partsOf(REGRESSORS, REGRESSION),
  yardstick: "train",
  compute: (table, context) => score(table, context, REGRESSORS, REGRESSION, regress),
};

/** The measures' means over learners, but for the first, which is the headline; then each learner's. */
function partsOf(kinds: LearnerKind[], measures: Measure[]): Part[] {
  const means = measures.slice(1).map(({ key, title, direction }) => ({ key, title, direction }));
  const each = kinds.flatMap(({ learner, title }) =>
    measures.map((measure) => ({
      key: `${learner}-${measure.key}`,
      title: `${title}, ${measure.title}`,
      direction: measure.direction,
    })),
  );
  return [...means, ...each];
}

/** Rows that have the target, as features and target. */
interface Examples {
  x: Float32Array;
  rows: Column[];
  target: Column;
}

type Predict = (
  kind: LearnerKind,
  train: Examples,
  test: Examples,
  context: EvaluationContext,
) => Promise<Record<string, number>>;

async function score(
  table: Column[],
  context: EvaluationContext,
  kinds: LearnerKind[],
  measures: Measure[],
  predict: Predict,
): Promise<MetricResult> {
  const train = examplesOf(table, context);
  const test = examplesOf(context.test, context);
  if (rowCount(train.rows) === 0 || rowCount(test.rows) === 0) {
    return { value: NaN, notes: ["no row has a value in the target column"] };
  }
  const results: Record<string, number>[] = [];
  for (const kind of kinds) results.push(await predict(kind, train, test, context));
  const means = new Map(measures.map(({ key }) => [key, mean(results.map((result) => result[key]!))]));
  const parts: Record<string, number> = {};
  for (const { key } of measures.slice(1)) parts[key] = means.get(key)!;
  kinds.forEach(({ learner }, i) => {
    for (const { key } of measures) parts[`${learner}-${key}`] = results[i]![key]!;
  });
  const notes = isConstant(train.target) ? ["the rows hold one value of the target only"] : [];
  return { value: means.get(measures[0]!.key)!, parts, notes };
}

function examplesOf(table: Column[], context: EvaluationContext): Examples {
  const target = table[context.target]!;
  const ids = Array.from({ length: rowCount(table) }, (_, row) => row).filter(
    (row) => !isMissing(target, row),
  );
  const rows = ids.length === rowCount(table) ? table : selectRows(table, ids);
  return { x: context.features.encode(rows), rows, target: rows[context.target]! };
}

function isConstant(column: Column): boolean {
  const cells: Int32Array | Float64Array = column.kind === "category" ? column.codes : column.scaled;
  return cells.every((cell: number) => cell === cells[0]);
}

async function classify(
  { learner, parameters }: LearnerKind,
  train: Examples,
  test: Examples,
  context: EvaluationContext,
): Promise<Record<string, number>> {
  if (train.target.kind !== "category" || test.target.kind !== "category") throw new TypeError("no classes");
  const k = Math.max(2, train.target.values.length, test.target.values.length);
  const probabilities = await context.fitPredict({
    learner,
    task: "classification",
    x: train.x,
    y: Float64Array.from(train.target.codes),
    test: test.x,
    d: context.features.d,
    nClasses: k,
    parameters,
  });
  const truth = test.target.codes;
  const predicted = scores.argmaxRows(probabilities, k);
  return {
    f1: scores.weightedF1(truth, predicted, k),
    accuracy: scores.accuracy(truth, predicted),
    auc: scores.classificationAuc(truth, probabilities, k),
    mcc: scores.matthews(truth, predicted, k),
  };
}

async function regress(
  { learner, parameters }: LearnerKind,
  train: Examples,
  test: Examples,
  context: EvaluationContext,
): Promise<Record<string, number>> {
  const predicted = await context.fitPredict({
    learner,
    task: "regression",
    x: train.x,
    y: valuesOf(train.target),
    test: test.x,
    d: context.features.d,
    nClasses: 0,
    parameters,
  });
  const truth = valuesOf(test.target);
  return { r2: scores.rSquared(truth, predicted), rmse: scores.rootMeanSquaredError(truth, predicted) };
}

function valuesOf(column: Column): Float64Array {
  if (column.kind !== "number") throw new TypeError("no numbers");
  return column.scaled.map((scaled) => fromScaled(scaled, column.decimals));
}
