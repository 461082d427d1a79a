import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { benchmarkCache } from "../harness/cache";
import { trainByCommands } from "../harness/trained";
import type { TableSplits } from "../tasks/splits";

export interface TrainedFolder {
  folder: string;
  seconds: number;
  /** MB */
  peakMemory: number;
}

export interface TrainedOptions {
  splits: TableSplits;
  threads: number;
  /** write columns in any order, not the natural one */
  permute: boolean;
  /** passes over the table; default: as many as suit it */
  epochs?: number;
}

const FOLDERS = benchmarkCache("impute-models");
const NOTE = "trained.json";

/** Forgets the models of the last run. */
export function forgetTrained(): void {
  rmSync(FOLDERS, { recursive: true, force: true });
}

/** A table model, by its defaults but for what is given; trained by the first trial of a run that needs it. */
export async function trainedFolder(options: TrainedOptions): Promise<TrainedFolder> {
  const { splits, threads, permute, epochs } = options;
  const folder = join(FOLDERS, `${permute ? "permuted" : "natural"}-${epochs ?? "default"}`);
  const note = join(folder, NOTE);
  if (existsSync(note)) return JSON.parse(readFileSync(note, "utf8")) as TrainedFolder;
  rmSync(folder, { recursive: true, force: true });
  const order = permute ? ["--permute"] : [];
  const passes = epochs === undefined ? [] : ["--epochs", String(epochs)];
  const told = { splits, folder, threads, base: "table", settings: [...order, ...passes] };
  const { result, peakMemory } = (await trainByCommands(told)).train;
  const trained = { folder, seconds: result["seconds"]!, peakMemory };
  writeFileSync(note, JSON.stringify(trained));
  return trained;
}
