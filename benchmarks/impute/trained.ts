import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchmarkCache } from "../harness/cache";
import { harmonic } from "../harness/command";
import type { TableSplits } from "../tasks/splits";

export interface TrainedFolder {
  folder: string;
  seconds: number;
  /** MB */
  peakMemory: number;
}

const folderOf = (permute: boolean): string => benchmarkCache(permute ? "impute-permuted" : "impute-natural");
const noteIn = (folder: string): string => join(folder, "trained.json");

/** Forgets the models of the last run. */
export function forgetTrained(): void {
  for (const permute of [true, false]) rmSync(folderOf(permute), { recursive: true, force: true });
}

/** A table model by its defaults, in any order of the columns or in the natural one; trained by the first trial of a run. */
export async function trainedFolder({
  splits,
  threads,
  permute,
}: {
  splits: TableSplits;
  threads: number;
  permute: boolean;
}): Promise<TrainedFolder> {
  const folder = folderOf(permute);
  if (existsSync(noteIn(folder))) return JSON.parse(readFileSync(noteIn(folder), "utf8")) as TrainedFolder;
  rmSync(folder, { recursive: true, force: true });
  const common = ["--threads", String(threads), "--quiet", "--json"];
  await harmonic([
    "preprocess",
    splits.train,
    "--target",
    splits.target,
    "--out",
    folder,
    "--k",
    "0",
    ...common,
  ]);
  const order = permute ? ["--permute"] : [];
  const { result, peakMemory } = await harmonic(["train", folder, "--base", "table", ...order, ...common]);
  const trained = { folder, seconds: result["seconds"]!, peakMemory };
  writeFileSync(noteIn(folder), JSON.stringify(trained));
  return trained;
}
