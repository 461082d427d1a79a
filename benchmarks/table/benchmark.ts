import { join } from "node:path";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import { pythonWith } from "../harness/python";
import type { Benchmark, Measurement, Trial } from "../harness/trial";
import { splitsOf } from "../tasks/splits";
import { SCORES } from "./scores";
import { LIMIT_SECONDS, OURS, SUBJECTS, type Subject } from "./subjects";
import type { TableTrial } from "./trial";

/** HARMONIC_BENCH_TABLES=adult,diabetes; others than adult, diabetes and mixed need HARMONIC_BENCH_SPLITS. */
const TABLES = listOf("HARMONIC_BENCH_TABLES", "adult");
/** HARMONIC_BENCH_SUBJECTS=harmonic,tvae; the language model, which takes hours on large tables, only when named. */
const NAMES = listOf("HARMONIC_BENCH_SUBJECTS", "harmonic,tabularargn,tvae,ctgan,realtabformer");
const SEEDS = Array.from({ length: Number(process.env["HARMONIC_BENCH_SEEDS"] ?? 3) }, (_, i) => i + 1);
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 100_000);
const THREADS = 2;
const TIMEOUT_MS = 12 * 60 * 60_000;
const PEERS = ["tabularargn", "tvae", "ctgan", "realtabformer"];

/** Models trained from scratch on one table: ours and peers, their speed, and the same scores of their rows. */
export async function tableBenchmark(): Promise<Benchmark> {
  const subjects = SUBJECTS.filter(({ name }) => NAMES.includes(name));
  const trials: Trial[] = [];
  for (const table of TABLES) {
    const common = { splits: await splitsOf(table), seeds: SEEDS, rows: ROWS, threads: THREADS };
    for (const subject of subjects) trials.push(await trialOf(subject, table, common));
  }
  return {
    name: "table",
    metrics: [
      { name: "train_s", unit: "s" },
      { name: "rows_per_s", unit: "rows/s" },
      { name: "peak_memory", unit: "MB" },
      ...SCORES.map((name) => ({ name, unit: "" })),
    ],
    trials,
    rounds: 1,
    ratios,
  };
}

async function trialOf(subject: Subject, table: string, common: TableTrial): Promise<Trial> {
  const { name } = subject;
  const settings = { table, seeds: SEEDS.length, threads: THREADS };
  const trial = { subject: name, task: `rows of ${table}`, timeoutMs: TIMEOUT_MS };
  if ("base" in subject) {
    const { base, options = [] } = subject;
    const command = nodeTrial(join(__dirname, "ours.ts"), { ...common, base, options });
    return { ...trial, settings, command };
  }
  const { peer, requirements, rows = ROWS } = subject;
  const told = { ...common, rows, peer, settings: subject.settings ?? {} };
  // A peer that cannot be installed fails like one that cannot be trained.
  const python = await pythonWith(requirements).catch((error: unknown) => {
    console.error(`   ${name} cannot be installed: ${(error as Error).message}`);
    return "python3";
  });
  const command = nodeTrial(join(__dirname, "peer.ts"), { ...told, python });
  if (peer !== "realtabformer") return { ...trial, settings, command };
  return { ...trial, settings: { ...settings, limit_s: LIMIT_SECONDS }, command };
}

/** By table and peer: its time of training over ours, and our rows a second over its. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const out: Record<string, number> = {};
  for (const table of TABLES) {
    const of = (subject: string, metric: string): number | undefined =>
      medianOf(measurements, { subject, metric, settings: { table } });
    for (const peer of PEERS) {
      const pairs = {
        [`${table}_train_time_${peer}_vs_ours`]: [of(peer, "train_s"), of(OURS, "train_s")],
        [`${table}_rows_vs_${peer}`]: [of(OURS, "rows_per_s"), of(peer, "rows_per_s")],
      } as const;
      Object.assign(out, ratiosOf(pairs));
    }
  }
  return out;
}

function listOf(variable: string, otherwise: string): string[] {
  return (process.env[variable] ?? otherwise).split(",").map((name) => name.trim());
}
