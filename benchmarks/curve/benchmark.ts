import type { Benchmark } from "../harness/trial";
import { OURS, type Subject } from "../table/subjects";
import { listOf, TABLE_METRICS, tableTrials } from "../table/trials";

const SUBJECTS: Subject[] = [
  { layers: 2, width: 64 },
  { layers: 3, width: 96 },
  { layers: 2, width: 128 },
  { layers: 4, width: 128 },
  { layers: 4, width: 192 },
].map((options) => ({ name: OURS, base: "table", options, seeds: 1 }));
const TABLES = listOf("HARMONIC_BENCH_TABLES", "adult");
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 100_000);

/** What a table model's size costs and gives on the census table. */
export async function curveBenchmark(): Promise<Benchmark> {
  return {
    name: "curve",
    metrics: [{ name: "parameters", unit: "" }, ...TABLE_METRICS],
    trials: await tableTrials(TABLES, SUBJECTS, ROWS),
    rounds: 1,
    ratios: () => ({}),
  };
}
