import { join } from "node:path";
import { nodeTrial } from "../harness/child";
import { pythonWith } from "../harness/python";
import type { Metric, Trial } from "../harness/trial";
import { splitsOf } from "../tasks/splits";
import { SCORES } from "./scores";
import { EPOCHS, LIMIT_SECONDS, type Subject } from "./subjects";
import type { TableTrial } from "./trial";

const SEEDS = Array.from({ length: Number(process.env["HARMONIC_BENCH_SEEDS"] ?? 3) }, (_, i) => i + 1);
const THREADS = 2;

/** What a trial of tableTrials tells of each subject. */
export const TABLE_METRICS: Metric[] = [
  { name: "train_s", unit: "s" },
  { name: "epochs", unit: "" },
  { name: "rows_per_s", unit: "rows/s" },
  { name: "peak_memory", unit: "MB" },
  ...SCORES.map((name) => ({ name, unit: "" })),
];

const TIMEOUT_MS = 12 * 60 * 60_000;

/**
 * A trial for each table and subject, all with the same seeds.
 * @param rows drawn for the speed; 0: those that are scored tell it
 */
export async function tableTrials(
  tables: readonly string[],
  subjects: readonly Subject[],
  rows: number,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const table of tables) {
    const common = { splits: await splitsOf(table), seeds: SEEDS, rows, threads: THREADS };
    for (const subject of subjects) trials.push(await trialOf(subject, table, common));
  }
  return trials;
}

async function trialOf(subject: Subject, table: string, common: TableTrial): Promise<Trial> {
  const { name, most } = subject;
  const seeds = common.seeds.slice(0, subject.seeds);
  const trial = { subject: name, task: `rows of ${table}`, timeoutMs: TIMEOUT_MS };
  const shown = { table, seeds: seeds.length, threads: THREADS, ...(most !== undefined && { most }) };
  // Whoever draws too slowly to draw more than is scored.
  const told = { ...common, seeds, ...(most !== undefined && { most, rows: 0 }) };
  if ("base" in subject) {
    const epochs = EPOCHS === undefined ? subject.epochs?.[table] : Number(EPOCHS);
    const options = { ...subject.options, ...(epochs !== undefined && { epochs }) };
    const ours = { ...told, base: subject.base, options };
    return {
      ...trial,
      settings: { ...shown, ...options },
      command: nodeTrial(join(__dirname, "ours.ts"), ours),
    };
  }
  const limit = { limit_s: LIMIT_SECONDS, ...(EPOCHS !== undefined && { epochs: Number(EPOCHS) }) };
  // A peer that cannot be installed fails like one that cannot be trained.
  const python = await pythonWith(subject.requirements).catch((error: unknown) => {
    console.error(`   ${name} cannot be installed: ${(error as Error).message}`);
    return "python3";
  });
  const command = nodeTrial(join(__dirname, "peer.ts"), {
    ...told,
    peer: subject.peer,
    python,
    settings: limit,
  });
  return { ...trial, settings: { ...shown, ...limit }, command };
}

/** Names in a variable of the environment, separated by commas. */
export function listOf(variable: string, otherwise: string): string[] {
  return (process.env[variable] ?? otherwise).split(",").map((name) => name.trim());
}
