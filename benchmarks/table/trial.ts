import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { report } from "../harness/child";
import type { TableSplits } from "../tasks/splits";
import { scoresOf, SCORES } from "./scores";

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

/** One model of a subject, and rows from it. */
export interface Drawn {
  trainSeconds: number;
  /** passes over the table that were made in them */
  epochs: number;
  rowsPerSecond: number;
  /** MB */
  peakMemory: number;
}

/**
 * Trains and draws with each seed, scores the rows and reports all values. `draw` leaves the rows to score in the CSV file
 * that it is given.
 */
export async function runTableTrial(
  { splits, seeds, threads }: TableTrial,
  draw: (seed: number, folder: string, scored: string) => Promise<Drawn>,
): Promise<void> {
  const values: Record<string, number[]> = { train_s: [], epochs: [], rows_per_s: [] };
  for (const name of SCORES) values[name] = [];
  let peakMemory = 0;
  for (const seed of seeds) {
    const folder = mkdtempSync(join(tmpdir(), "harmonic-table-"));
    try {
      const scored = join(folder, "scored.csv");
      const drawn = await draw(seed, folder, scored);
      values["train_s"]!.push(drawn.trainSeconds);
      values["epochs"]!.push(drawn.epochs);
      values["rows_per_s"]!.push(drawn.rowsPerSecond);
      peakMemory = Math.max(peakMemory, drawn.peakMemory);
      const scores = await scoresOf(splits, scored, { seed, threads });
      for (const name of SCORES) values[name]!.push(scores[name]);
      console.error(`   seed ${seed}: ${JSON.stringify({ ...drawn, ...scores })}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  report(values, peakMemory);
}
