import type { Benchmark } from "../harness/trial";
import { SCORES } from "../table/scores";
import { OURS, type Subject } from "../table/subjects";
import { listOf, tableTrials } from "../table/trials";

const SUBJECTS: Subject[] = [
  { layers: 2, width: 64 },
  { layers: 3, width: 96 },
  { layers: 4, width: 128 },
  { layers: 4, width: 192 },
].map((options) => ({ name: OURS, base: "table", options, seeds: 1 }));
const TABLES = listOf("HARMONIC_BENCH_TABLES", "adult");
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 100_000);

/** What a table model's size costs and gives on the census table. */
export async function curveBenchmark(): Promise<Benchmark> {
  return {
    name: "curve",
    metrics: [
      { name: "parameters", unit: "" },
      { name: "train_s", unit: "s" },
      { name: "epochs", unit: "" },
      { name: "rows_per_s", unit: "rows/s" },
      { name: "peak_memory", unit: "MB" },
      ...SCORES.map((name) => ({ name, unit: "" })),
    ],
    trials: await tableTrials(TABLES, SUBJECTS, ROWS),
    rounds: 1,
    ratios: () => ({}),
  };
}
