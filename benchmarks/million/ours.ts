import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preprocessTable } from "../../src/run/preprocess-table";
import { sampleFolder } from "../../src/run/sample-folder";
import { nodeTrial, report, trialArguments } from "../harness/child";
import { median } from "../harness/measure";
import { runProcess } from "../harness/process";
import type { TableSplits } from "../tasks/splits";

export interface MillionTrial {
  splits: Pick<TableSplits, "train" | "target">;
  format: "parquet" | "csv";
  rows: number;
  threads: number;
}

const BIN = join(__dirname, "..", "..", "bin", "harmonic.js");
const MEMORY_EVERY_MS = 1000;
const TIMEOUT_MS = 30 * 60_000;

/**
 * Trains a table model in a process of its own, draws the rows into a file here, looking at the memory every second, and
 * has the file checked by another process.
 */
async function main(): Promise<void> {
  const { splits, format, rows, threads } = trialArguments<MillionTrial>();
  const folder = mkdtempSync(join(tmpdir(), "harmonic-million-"));
  try {
    const run = join(folder, "run");
    const out = join(folder, `rows.${format}`);
    await preprocessTable({ table: splits.train, target: splits.target, out: run, settings: { k: 0 } });
    const train = ["train", run, "--base", "table", "--seed", "1", "--threads", String(threads), "--quiet"];
    await runProcess([process.execPath, BIN, ...train], {}, TIMEOUT_MS);
    const memory: number[] = [];
    const watch = setInterval(() => memory.push(process.memoryUsage.rss() / 2 ** 20), MEMORY_EVERY_MS);
    const drawn = await sampleFolder({ directory: run, out, threads, settings: { rows } });
    clearInterval(watch);
    const check = nodeTrial(join(__dirname, "check.ts"), { run, format, path: out });
    const found = JSON.parse(await runProcess(check, {}, TIMEOUT_MS)) as { rows: number; invalid: number };
    console.error(`${statSync(out).size} bytes, memory by second: ${memory.map(Math.round).join(" ")}`);
    report({
      rows_per_second: [rows / drawn!.seconds],
      memory_growth: [growth(memory)],
      rows: [found.rows],
      invalid_rows: [found.invalid],
    });
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
