import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "../harness/child";
import type { TableSplits } from "../tasks/splits";
import { scoresOf } from "./scores";

/** What every subject is told. */
export interface TableTrial {
  splits: TableSplits;
  /** one model each */
  seeds: number[];
  /** rows drawn for the speed; fewer than are scored: those tell it */
  rows: number;
  /** rows that are scored at most; default: as many as there are to learn from */
  most?: number;
  threads: number;
}

/** What one model of a subject took: train_s, epochs, rows_per_s, peak_memory (MB), maybe more. */
export type Drawn = Record<string, number> & { peak_memory: number };

/**
 * Trains and draws with each seed, scores the rows and reports all values. `draw` leaves the rows to score in the CSV file
 * that it is given.
 */
export async function runTableTrial(
  { splits, seeds, threads }: TableTrial,
  draw: (seed: number, folder: string, scored: string) => Promise<Drawn>,
): Promise<void> {
  const values: Record<string, number[]> = {};
  let peakMemory = 0;
  for (const seed of seeds) {
    const folder = mkdtempSync(join(tmpdir(), "harmonic-table-"));
    try {
      const scored = join(folder, "scored.csv");
      const { peak_memory, ...drawn } = await draw(seed, folder, scored);
      peakMemory = Math.max(peakMemory, peak_memory);
      const scores = await scoresOf(splits, scored, { seed, threads });
      for (const [name, value] of Object.entries({ ...drawn, ...scores })) (values[name] ??= []).push(value);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  report(values, peakMemory);
}
