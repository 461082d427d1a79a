import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeTrial, report, trialArguments } from "../harness/child";
import { harmonic } from "../harness/command";
import { median } from "../harness/measure";
import { runProcess } from "../harness/process";
import { trainByCommands } from "../harness/trained";
import type { TableSplits } from "../tasks/splits";

export interface MillionTrial {
  splits: Pick<TableSplits, "train" | "target">;
  format: "parquet" | "csv";
  rows: number;
  threads: number;
}

const TIMEOUT_MS = 30 * 60_000;

/** Trains a table model and draws the rows into a file by the command line, and has the file checked by another process. */
async function main(): Promise<void> {
  const { splits, format, rows, threads } = trialArguments<MillionTrial>();
  const folder = mkdtempSync(join(tmpdir(), "harmonic-million-"));
  try {
    const run = join(folder, "run");
    const out = join(folder, `rows.${format}`);
    await trainByCommands({ splits, folder: run, threads, base: "table", settings: ["--seed", "1"] });
    const told = ["--rows", String(rows), "--out", out, "--threads", String(threads)];
    const { result, memory, peakMemory } = await harmonic(["sample", run, ...told, "--quiet", "--json"]);
    const check = nodeTrial(join(__dirname, "check.ts"), { run, format, path: out });
    const found = JSON.parse(await runProcess(check, {}, TIMEOUT_MS)) as { rows: number; invalid: number };
    console.error(`${statSync(out).size} bytes, memory by second: ${memory.map(Math.round).join(" ")}`);
    const values = {
      rows_per_second: [rows / result["seconds"]!],
      memory_growth: [growth(memory)],
      rows: [found.rows],
      invalid_rows: [found.invalid],
    };
    report(values, peakMemory);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the second quarter of the run to the last, in MB: what a thing that grows with the rows would show. */
function growth(memory: readonly number[]): number {
  const quarter = Math.floor(memory.length / 4);
  if (quarter === 0) return NaN;
  return median(memory.slice(-quarter)) - median(memory.slice(quarter, 2 * quarter));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
