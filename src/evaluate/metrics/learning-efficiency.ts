import { rowCount } from "../../table/columns";
import type { Task } from "../../table/infer";
import type { Cells } from "../cells";
import {
  CLASSIFICATION,
  REGRESSION,
  examplesOf,
  measure,
  predict,
  sampleExamples,
  type Examples,
  type Measure,
} from "../examples";
import { around, bootstrapErrors, type Interval } from "../intervals";
import { learnerKinds, MAX_KERNEL_ROWS, type LearnerKind } from "../learners";
import type { EvaluationContext, Metric, MetricResult, Part } from "../metric";
import { mean, rowsOf } from "../rows";
import { tune } from "../tune";

/** Most rows that learners are fitted on, and tested on. */
const MAX_TRAIN = 200_000;
const MAX_TEST = 50_000;
/** Rows that show what is learnt from shuffled labels: nothing, however many they are. */
const FLOOR_ROWS = 1_000;

/** Machine learning efficiency: learners fitted on the rows scored, tested on real test rows. */
export const classificationEfficiency: Metric = efficiency("classification", CLASSIFICATION, {
  title: "MLE: weighted F1",
  description:
    "How well models trained on the rows predict the target of real test rows (weighted F1, mean over the " +
    "learners); beside it models trained on the real rows.",
});

/** The same for a target that is a number. */
export const regressionEfficiency: Metric = efficiency("regression", REGRESSION, {
  title: "MLE: R2",
  description:
    "How well models trained on the rows predict the target of real test rows (share of its variance explained, " +
    "mean over the learners); beside it models trained on the real rows.",
});

function efficiency(
  task: Exclude<Task, "none">,
  measures: readonly Measure[],
  texts: { title: string; description: string },
): Metric {
  const kinds = learnerKinds(task, 0);
  return {
    name: "learning-efficiency",
    area: "utility",
    direction: "higher",
    ...texts,
    parts: partsOf(kinds, measures),
    yardstick: "train",
    compute: (table, context) => score(table, context, measures),
  };
}

/** The measures' means over learners, but for the first, which is the headline; the floor; then each learner's. */
function partsOf(kinds: LearnerKind[], measures: readonly Measure[]): Part[] {
  const each = kinds.flatMap(({ key, title }) =>
    measures.map((m) => ({ ...m, key: `${key}-${m.key}`, title: `${title}, ${m.title}` })),
  );
  const floor: Part = { key: "floor", title: "from shuffled labels", direction: "higher" };
  return [...measures.slice(1), floor, ...each];
}

async function score(
  table: Cells[],
  context: EvaluationContext,
  measures: readonly Measure[],
): Promise<MetricResult> {
  const all = examplesOf(table, context);
  const train = sampleExamples(all, MAX_TRAIN, context.random("learn"));
  const test = context.once("test examples", () =>
    sampleExamples(examplesOf(context.test, context), MAX_TEST, context.random("test")),
  );
  if (train.y.length === 0 || test.y.length === 0) {
    return { value: NaN, notes: ["no row has a value in the target column"] };
  }
  const kinds = await settingsOf(context);
  const notes: string[] = [];
  if (train !== all) notes.push(`learnt from ${MAX_TRAIN} of the rows`);
  if (train.y.every((y) => y === train.y[0])) notes.push("the rows hold one value of the target only");
  if (kinds.some((kind) => smaller(kind, train, context) !== train)) {
    notes.push(`the SVM learnt from ${MAX_KERNEL_ROWS} of the rows`);
  }
  const predictions = await Promise.all(
    kinds.map((kind) => predict(kind, smaller(kind, train, context), test, context)),
  );
  const figures = figuresOf(kinds, predictions, test, measures);
  const errors = bootstrapErrors(
    test.y.length,
    (ids) => [
      ...figuresOf(
        kinds,
        predictions.map((p) => rowsOf(p, p.length / test.y.length, ids)),
        { ...test, y: rowsOf(test.y, 1, ids) },
        measures,
      ).values(),
    ],
    context.random("bootstrap test rows"),
  );
  const intervals = new Map<string, Interval>(
    [...figures].map(([key, value], i) => [key, around(value, errors[i]!, -1, Infinity)]),
  );
  const headline = measures[0]!.key;
  return {
    value: figures.get(headline)!,
    interval: intervals.get(headline),
    parts: {
      ...Object.fromEntries([...figures].filter(([key]) => key !== headline)),
      floor: await floorOf(context, measures),
    },
    detail: {
      learners: kinds.map(({ key, title, learner, parameters }) => ({ key, title, learner, parameters })),
      intervals: Object.fromEntries(intervals),
    },
    notes,
  };
}

/** Means over learners by measure, then each learner's by `learner-measure`. */
function figuresOf(
  kinds: LearnerKind[],
  predictions: Float64Array[],
  test: Examples,
  measures: readonly Measure[],
): Map<string, number> {
  const nClasses = test.nClasses === 0 ? 0 : predictions[0]!.length / test.y.length;
  const results = predictions.map((predicted) => measure(test.y, predicted, nClasses));
  const means = measures.map(({ key }): [string, number] => [
    key,
    mean(results.map((result) => result[key]!)),
  ]);
  const each = kinds.flatMap((kind, i) =>
    measures.map(({ key }): [string, number] => [`${kind.key}-${key}`, results[i]![key]!]),
  );
  return new Map([...means, ...each]);
}

/** Kernel machines get no more rows than they can take. */
function smaller(kind: LearnerKind, train: Examples, context: EvaluationContext): Examples {
  return kind.learner === "svm-rbf"
    ? sampleExamples(train, MAX_KERNEL_ROWS, context.random("learn kernel"))
    : train;
}

function settingsOf(context: EvaluationContext): Promise<LearnerKind[]> {
  return context.once("learners", () => {
    if (context.task === "none") throw new TypeError("no target");
    const kinds = learnerKinds(context.task, rowCount(context.train));
    if (!context.tune) return Promise.resolve(kinds);
    const train = examplesOf(context.train, context);
    return Promise.all(kinds.map((kind) => tune(kind, train, context)));
  });
}

/** The headline of learners whose training labels were shuffled: what a table scores that teaches nothing. */
function floorOf(context: EvaluationContext, measures: readonly Measure[]): Promise<number> {
  return context.once("floor", async () => {
    const examples = sampleExamples(examplesOf(context.train, context), FLOOR_ROWS, context.random("floor"));
    const train = { ...examples, y: context.random("shuffled labels").shuffle(examples.y.slice()) };
    const test = sampleExamples(examplesOf(context.test, context), FLOOR_ROWS, context.random("floor test"));
    const kinds = await settingsOf(context);
    const predictions = await Promise.all(kinds.map((kind) => predict(kind, train, test, context)));
    return figuresOf(kinds, predictions, test, measures).get(measures[0]!.key)!;
  });
}
