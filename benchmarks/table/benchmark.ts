import { medianOf, ratiosOf } from "../harness/measure";
import type { Benchmark, Measurement } from "../harness/trial";
import { OURS, subjectsOf } from "./subjects";
import { listOf, TABLE_METRICS, tableTrials } from "./trials";

/** HARMONIC_BENCH_TABLES=adult,diabetes; others than adult, diabetes and mixed need HARMONIC_BENCH_SPLITS. */
const TABLES = listOf("HARMONIC_BENCH_TABLES", "adult");
/** HARMONIC_BENCH_SUBJECTS=harmonic,tvae; the language model, which takes hours on large tables, only when named. */
const NAMES = listOf("HARMONIC_BENCH_SUBJECTS", "harmonic,tabularargn,tvae,ctgan,realtabformer");
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 100_000);

/** Models trained from scratch on one table: ours and peers, their speed, and the same scores of their rows. */
export async function tableBenchmark(): Promise<Benchmark> {
  return {
    name: "table",
    metrics: TABLE_METRICS,
    trials: await tableTrials(TABLES, subjectsOf(NAMES), ROWS),
    rounds: 1,
    ratios,
  };
}

/** By table and peer: its time of training over ours, and our rows a second over its. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const table of TABLES) {
    const of = (subject: string, metric: string): number | undefined =>
      medianOf(measurements, { subject, metric, settings: { table } });
    for (const peer of NAMES.filter((name) => name !== OURS)) {
      const pairs = {
        [`${table}_train_time_${peer}_vs_ours`]: [of(peer, "train_s"), of(OURS, "train_s")],
        [`${table}_rows_vs_${peer}`]: [of(OURS, "rows_per_s"), of(peer, "rows_per_s")],
      } as const;
      Object.assign(out, ratiosOf(pairs));
    }
  }
  return out;
}
