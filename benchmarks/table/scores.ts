import { evaluate } from "../../src/evaluate/evaluate";
import { REAL, valueOf } from "../../src/evaluate/evaluation";
import { readTables } from "../../src/evaluate/read-tables";
import type { TableSplits } from "../tasks/splits";

const NAME = "synthetic";

/** What a tool's rows are scored by, and real rows beside them: metric and table by the names in the results. */
const METRICS = {
  detection_auc: ["detection", NAME],
  column_shapes: ["column-shapes", NAME],
  pair_trends: ["pair-trends", NAME],
  mle_f1: ["learning-efficiency", NAME],
  mle_f1_real: ["learning-efficiency", REAL],
  dcr_share: ["closest-record", NAME],
  exact_copies: ["exact-copies", NAME],
  exact_copies_real: ["exact-copies", REAL],
} as const;

export type ScoreName = keyof typeof METRICS;
export const SCORES = Object.keys(METRICS) as ScoreName[];

/** The scores of a synthetic table. */
export async function scoresOf(
  { train, test, holdout, target }: TableSplits,
  synthetic: string,
  control: { seed: number; threads: number },
): Promise<Record<ScoreName, number>> {
  const paths = { train, test, holdout, synthetic: [{ name: NAME, path: synthetic }] };
  const tables = await readTables(paths, { target });
  const metrics = [...new Set(Object.values(METRICS).map(([metric]) => metric))];
  const evaluation = await evaluate({ ...tables, ...control, metrics });
  const entries = Object.entries(METRICS).map(([name, [metric, table]]) => [
    name,
    valueOf(evaluation, metric, table) ?? NaN,
  ]);
  return Object.fromEntries(entries) as Record<ScoreName, number>;
}
