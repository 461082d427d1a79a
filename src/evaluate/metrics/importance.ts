import { rowCount } from "../../table/columns";
import { pickRows } from "../cells";
import { chooseColumns } from "../choose-columns";
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
/** Most numbers that the copies of these rows hold, for each column and shuffle one: of wide tables fewer rows. */
const MAX_NUMBERS = 2 ** 26;

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
    const { train } = context;
    const nColumns = train.length - 1;
    if (nColumns < 3) return { value: NaN, notes: ["fewer than three columns beside the target"] };
    const { fit, trial } = context.once("importance trial", () => prepare(context));
    const learn = sampleExamples(examplesOf(table, context), MAX_FIT, context.random("importance fit"));
    if (fit.y.length === 0 || trial.n === 0 || learn.y.length === 0) return { value: NaN };
    const real = await context.once("importance real", () => predictAll(fit, trial, context));
    const scored = await predictAll(learn, trial, context);
    const of = (said: Float64Array, ids = sequence(trial.n)): number[] => importances(said, trial, ids);
    const [before, after] = [of(real), of(scored)];
    const [error] = bootstrapErrors(
      trial.n,
      (ids) => [spearman(of(real, ids), of(scored, ids))],
      context.random("bootstrap importance"),
      { resamples: 20 },
    );
    const value = spearman(before, after);
    const { columns } = trial;
    return {
      value,
      interval: around(value, error!, -1, 1),
      detail: {
        columns: columns.map((c, i) => ({ name: train[c]!.name, real: before[i], scored: after[i] })),
      },
      notes: columns.length < nColumns ? [`of ${columns.length} of ${nColumns} columns`] : [],
    };
  },
};

/** Rows once as they are, then once for each column and shuffle with that column shuffled. */
interface Trial {
  /** those shuffled */
  columns: readonly number[];
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
  const columns = chooseColumns(
    [...train.keys()].filter((c) => c !== target),
    context.random("importance columns"),
  );
  const nCopies = 1 + columns.length * SHUFFLES;
  const nHeld = Math.max(1, Math.min(MAX_ROWS, Math.floor(MAX_NUMBERS / (nCopies * fit.d))));
  const held = pickRows(train, ids.subarray(half, half + nHeld));
  const examples = examplesOf(held, context);
  const n = examples.y.length;
  const x = new Float32Array(nCopies * n * fit.d);
  x.set(examples.x);
  let at = examples.x.length;
  for (const c of columns) {
    for (let shuffle = 0; shuffle < SHUFFLES; shuffle++) {
      const order = context.random(`importance ${c} ${shuffle}`).shuffle(sequence(rowCount(held)));
      const shuffled = held.map((cells, i) => (i === c ? pickRows([cells], order)[0]! : cells));
      x.set(examplesOf(shuffled, context).x, at);
      at += examples.x.length;
    }
  }
  return {
    fit: sampleExamples(fit, MAX_FIT, context.random("importance fit")),
    trial: { columns, examples: { ...examples, x }, n },
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
function importances(said: Float64Array, { columns, examples, n }: Trial, ids: Int32Array): number[] {
  const nCopies = 1 + columns.length * SHUFFLES;
  const width = said.length / (nCopies * n);
  const truth = rowsOf(examples.y, 1, ids);
  const nClasses = examples.nClasses === 0 ? 0 : width;
  const scores = Array.from({ length: nCopies }, (_, copy) => {
    const predicted = rowsOf(said.subarray(copy * n * width, (copy + 1) * n * width), width, ids);
    const figures = measure(truth, predicted, nClasses);
    return nClasses === 0 ? figures.r2! : figures.auc!;
  });
  return columns.map((_, i) => scores[0]! - mean(scores.slice(1 + i * SHUFFLES, 1 + (i + 1) * SHUFFLES)));
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
