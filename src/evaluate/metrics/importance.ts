import { rowCount } from "../../table/columns";
import { pickRows } from "../cells";
import { correlation } from "../correlation";
import { examplesOf, measure, predict, sampleExamples, type Examples } from "../examples";
import { around, bootstrapErrors } from "../intervals";
import { learnerKinds } from "../learners";
import type { EvaluationContext, Metric } from "../metric";
import { mean, rowsOf, sampleIds } from "../rows";

/** Most rows that the models learn from. */
const MAX_FIT = 10_000;
/** Most real rows that importances are measured on. */
const MAX_ROWS = 1_000;
/** How often each column is shuffled. */
const SHUFFLES = 3;

/**
 * Spearman's correlation of permutation importances (Breiman 2001): of boosted trees that learnt from half of the training
 * rows, and of ones that learnt from the rows scored. A column's importance is what the AUC (or R2) on the other half of
 * the training rows loses when the column is shuffled there.
 */
export const importance: Metric = {
  name: "importance",
  title: "Feature importance",
  area: "utility",
  direction: "higher",
  description:
    "Whether models trained on the rows rely on the same columns as models trained on real rows: 1 is the same order, " +
    "0 no relation.",
  parts: [],
  yardstick: "fresh",
  async compute(table, evaluation) {
    const context = { ...evaluation, features: evaluation.rankedFeatures };
    const { train, target } = context;
    const columns = train.filter((_, c) => c !== target);
    if (columns.length < 3) return { value: NaN, notes: ["fewer than three columns beside the target"] };
    const { fit, trial } = context.once("importance trial", () => prepare(context));
    const learn = sampleExamples(examplesOf(table, context), MAX_FIT, context.random("importance fit"));
    if (fit.y.length === 0 || trial.n === 0 || learn.y.length === 0) return { value: NaN };
    const real = await context.once("importance real", () => predictAll(fit, trial, context));
    const scored = await predictAll(learn, trial, context);
    const of = (said: Float64Array, ids = sequence(trial.n)): number[] =>
      importances(said, trial, columns.length, ids);
    const [before, after] = [of(real), of(scored)];
    const [error] = bootstrapErrors(
      trial.n,
      (ids) => [spearman(of(real, ids), of(scored, ids))],
      context.random("bootstrap importance"),
      { resamples: 20 },
    );
    const value = spearman(before, after);
    return {
      value,
      interval: around(value, error!, -1, 1),
      detail: { columns: columns.map(({ name }, c) => ({ name, real: before[c], scored: after[c] })) },
    };
  },
};

/** Rows once as they are, then once for each column and shuffle with that column shuffled. */
interface Trial {
  examples: Examples;
  /** rows of each copy */
  n: number;
}

/** Half of the training rows to learn from, and rows of the other half to measure on, over and over. */
function prepare(context: EvaluationContext): { fit: Examples; trial: Trial } {
  const { train, target } = context;
  const ids = sampleIds(rowCount(train), rowCount(train), context.random("importance halves"));
  const half = ids.length >> 1;
  const fit = examplesOf(pickRows(train, ids.subarray(0, half)), context);
  const held = pickRows(train, ids.subarray(half, half + MAX_ROWS));
  const n = examplesOf(held, context).y.length;
  const parts = [held];
  train.forEach((column, c) => {
    if (c === target) return;
    for (let shuffle = 0; shuffle < SHUFFLES; shuffle++) {
      const order = context.random(`importance ${c} ${shuffle}`).shuffle(sequence(rowCount(held)));
      parts.push(held.map((cells, i) => (i === c ? pickRows([cells], order)[0]! : cells)));
    }
  });
  const copies = parts.map((rows) => examplesOf(rows, context));
  const x = new Float32Array(copies.length * n * fit.d);
  copies.forEach((copy, i) => x.set(copy.x, i * n * fit.d));
  return {
    fit: sampleExamples(fit, MAX_FIT, context.random("importance fit")),
    trial: { examples: { ...copies[0]!, x }, n },
  };
}

function sequence(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}

function predictAll(fit: Examples, { examples }: Trial, context: EvaluationContext): Promise<Float64Array> {
  const boosting = learnerKinds(context.task === "regression" ? "regression" : "classification", 0).find(
    ({ key }) => key === "xgboost",
  )!;
  return predict(boosting, fit, examples, context);
}

/** What shuffling each column costs, on the rows `ids` of the copies. */
function importances(
  said: Float64Array,
  { examples, n }: Trial,
  nColumns: number,
  ids: Int32Array,
): number[] {
  const nCopies = 1 + nColumns * SHUFFLES;
  const width = said.length / (nCopies * n);
  const truth = rowsOf(examples.y, 1, ids);
  const nClasses = examples.nClasses === 0 ? 0 : width;
  const scores = Array.from({ length: nCopies }, (_, copy) => {
    const predicted = rowsOf(said.subarray(copy * n * width, (copy + 1) * n * width), width, ids);
    const figures = measure(truth, predicted, nClasses);
    return nClasses === 0 ? figures.r2! : figures.auc!;
  });
  return Array.from(
    { length: nColumns },
    (_, c) => scores[0]! - mean(scores.slice(1 + c * SHUFFLES, 1 + (c + 1) * SHUFFLES)),
  );
}

/** Correlation of the ranks, equal values sharing theirs. */
function spearman(a: readonly number[], b: readonly number[]): number {
  return correlation(ranks(a), ranks(b));
}

function ranks(values: readonly number[]): Float64Array {
  return Float64Array.from(values, (value) => {
    const below = values.filter((other) => other < value).length;
    return below + (values.filter((other) => other === value).length - 1) / 2;
  });
}
