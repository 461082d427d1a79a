import type { Benchmark } from "../harness/trial";
import { SCORES } from "../table/scores";
import { subjectsOf } from "../table/subjects";
import { listOf, tableTrials } from "../table/trials";

/** Others than diabetes and mixed need HARMONIC_BENCH_SPLITS. */
const TABLES = listOf("HARMONIC_BENCH_TABLES", "german,diabetes,buddy,mixed");
const NAMES = listOf("HARMONIC_BENCH_SUBJECTS", "harmonic,smote,language-model");

/** Table models on tables of hundreds and thousands of rows, beside what else is taken for them: scores alone. */
export async function smallTablesBenchmark(): Promise<Benchmark> {
  return {
    name: "small-tables",
    metrics: [{ name: "epochs", unit: "" }, ...SCORES.map((name) => ({ name, unit: "" }))],
    trials: await tableTrials(TABLES, subjectsOf(NAMES), 0),
    rounds: 1,
    ratios: () => ({}),
  };
}
