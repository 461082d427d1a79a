import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import { report } from "../harness/child";
import type { TableSplits } from "../tasks/splits";
import { learntSchema, type Holes } from "./holes";
import { scoresOf } from "./scores";

/** What every subject is told. */
export interface ImputeTrial {
  splits: TableSplits;
  /** one for each seed of what is held out */
  holes: Holes[];
  threads: number;
}

/** What a subject has done. */
export interface Imputed {
  /** of what is learnt once for all tables */
  trainSeconds: number;
  /** of each table */
  seconds: number[];
  /** MB */
  peakMemory: number;
}

/** Completes each table, scores what became of it and reports all values. `impute` writes the files that it is given. */
export async function runImputeTrial(
  { splits, holes }: ImputeTrial,
  impute: (filled: string[], folder: string) => Promise<Imputed>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "harmonic-impute-"));
  try {
    const filled = holes.map((_, i) => join(folder, `filled-${i}.csv`));
    const { trainSeconds, seconds, peakMemory } = await impute(filled, folder);
    const schema = await learntSchema(splits);
    const learnt = toColumns(await readTable(splits.train), schema);
    const scores = [];
    for (const [i, path] of filled.entries()) scores.push(await scoresOf(schema, learnt, holes[i]!, path));
    const values = {
      accuracy: scores.map(({ accuracy }) => accuracy),
      rmse: scores.map(({ rmse }) => rmse),
      mae: scores.map(({ mae }) => mae),
    };
    report({ train_s: [trainSeconds], impute_s: seconds, ...values }, peakMemory);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
