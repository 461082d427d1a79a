import { join } from "node:path";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import type { Benchmark, Measurement } from "../harness/trial";
import { splitsOf } from "../tasks/splits";

/** HARMONIC_BENCH_ROWS draws fewer, to try it. */
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 1_000_000);
const FORMATS = ["parquet", "csv"];
const TIMEOUT_MS = 3 * 60 * 60_000;

/** HARMONIC_BENCH_TABLES=diabetes goes without the census table. */
const TABLE = process.env["HARMONIC_BENCH_TABLES"] ?? "adult";

/** A million rows of a table from a model of it: their speed, the memory they take, and that each is valid. */
export async function millionBenchmark(): Promise<Benchmark> {
  const { train, target } = await splitsOf(TABLE);
  const trials = FORMATS.map((format) => {
    const settings = { table: TABLE, format, rows: ROWS, threads: 2 };
    return {
      subject: "harmonic",
      task: "rows from a table model",
      settings,
      command: nodeTrial(join(__dirname, "ours.ts"), { ...settings, splits: { train, target } }),
      timeoutMs: TIMEOUT_MS,
    };
  });
  return {
    name: "million",
    metrics: [
      { name: "rows_per_second", unit: "rows/s" },
      { name: "peak_memory", unit: "MB" },
      { name: "memory_growth", unit: "MB" },
      { name: "rows", unit: "rows" },
      { name: "invalid_rows", unit: "rows" },
    ],
    trials,
    rounds: 1,
    ratios,
  };
}

/** Both formats against the bound on memory, and the share of invalid rows. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const pairs = FORMATS.flatMap((format) => {
    const of = (metric: string): number | undefined =>
      medianOf(measurements, { subject: "harmonic", metric, settings: { format } });
    return [
      [`${format}_memory_vs_1500_mb`, [of("peak_memory"), 1500]],
      [`${format}_invalid_share`, [of("invalid_rows"), of("rows")]],
    ] as const;
  });
  return ratiosOf(Object.fromEntries(pairs));
}
