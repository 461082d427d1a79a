import type { Benchmark } from "../harness/trial";
import { SCORES } from "../table/scores";
import { FEW_ROWS, subjectsOf } from "../table/subjects";
import { listOf, tableTrials } from "../table/trials";

/** Others than diabetes and mixed need HARMONIC_BENCH_SPLITS. */
const TABLES = listOf("HARMONIC_BENCH_TABLES", "german,diabetes,buddy,mixed");
const NAMES = listOf("HARMONIC_BENCH_SUBJECTS", "harmonic,smote,language-model");

/**
 * Table models on tables of hundreds and thousands of rows, beside what else is taken for them: scores alone, of as many
 * rows of each, for a detector that sees more rows tells more.
 */
export async function smallTablesBenchmark(): Promise<Benchmark> {
  const subjects = subjectsOf(NAMES).map((subject) => ({ ...subject, most: FEW_ROWS }));
  return {
    name: "small-tables",
    metrics: [{ name: "epochs", unit: "" }, ...SCORES.map((name) => ({ name, unit: "" }))],
    trials: await tableTrials(TABLES, subjects, 0),
    rounds: 1,
    ratios: () => ({}),
  };
}
