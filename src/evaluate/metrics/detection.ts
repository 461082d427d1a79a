import type { Metric } from "../metric";
import { rowCount, selectRows } from "../../table/convert";
import { mean, sampleIds } from "../rows";
import { areaUnderCurve } from "../scores";

const FOLDS = 5;
/** Most rows of each table; more would only narrow an interval that is narrow already. */
const MAX_ROWS = 10_000;

/**
 * Classifier two-sample test: mean over five folds of the AUC with which boosted trees tell real training rows
 * from the rows scored, both in equal number.
 */
export const detection: Metric = {
  name: "detection",
  title: "Detection",
  area: "fidelity",
  direction: "half",
  description:
    "How well a classifier tells the rows from real ones (AUC): 0.5 is not at all; well below 0.5 means rows so " +
    "close to training rows that they stand in for them.",
  parts: [],
  yardstick: "fresh",
  async compute(table, context) {
    const size = Math.min(rowCount(table), rowCount(context.train), MAX_ROWS);
    if (size < 2 * FOLDS) return { value: NaN, notes: [`fewer than ${2 * FOLDS} rows`] };
    const d = context.rowFeatures.d;
    const sample = (rows: typeof table, purpose: string): Float32Array =>
      context.rowFeatures.encode(
        selectRows(rows, sampleIds(rowCount(rows), size, context.random(`detection ${purpose}`))),
      );
    const real = sample(context.train, "real");
    const scored = sample(table, "scored");
    const areas: number[] = [];
    for (let fold = 0; fold < FOLDS; fold++) {
      const held = (row: number): boolean => row % FOLDS === fold;
      const kept = (row: number): boolean => !held(row);
      const train = stack(real, scored, d, kept);
      const test = stack(real, scored, d, held);
      const probabilities = await context.fitPredict({
        learner: "xgboost",
        task: "classification",
        x: train.x,
        y: train.y,
        test: test.x,
        d,
        nClasses: 2,
        parameters: {},
      });
      areas.push(
        areaUnderCurve(
          probabilities.filter((_, at) => at % 2 === 1),
          (row) => test.y[row] === 1,
        ),
      );
    }
    const notes = size === MAX_ROWS ? [`on ${size} rows of each table`] : [];
    return { value: mean(areas), detail: { folds: areas }, notes };
  },
};

/** The chosen rows of both matrices, one above the other, labelled 0 and 1. */
function stack(
  real: Float32Array,
  scored: Float32Array,
  d: number,
  chosen: (row: number) => boolean,
): { x: Float32Array; y: Float64Array } {
  const rows = Array.from({ length: real.length / d }, (_, row) => row).filter(chosen);
  const x = new Float32Array(2 * rows.length * d);
  const y = new Float64Array(2 * rows.length).fill(1, rows.length);
  rows.forEach((row, i) => {
    x.set(real.subarray(row * d, (row + 1) * d), i * d);
    x.set(scored.subarray(row * d, (row + 1) * d), (rows.length + i) * d);
  });
  return { x, y };
}
