import type { TableSplits } from "../tasks/splits";
import { type CommandRun, harmonic } from "./command";

export interface TrainCommands {
  splits: Pick<TableSplits, "train" | "target">;
  /** a run folder to make */
  folder: string;
  threads: number;
  /** table, or a language model */
  base: string;
  /** further options of harmonic train */
  settings?: readonly string[];
}

export interface Trained {
  /** that there are to learn from */
  rows: number;
  train: CommandRun;
}

/** Makes a run folder of a table and trains a model of it, by the command line; table models need no neighbours. */
export async function trainByCommands(commands: TrainCommands): Promise<Trained> {
  const { splits, folder, threads, base, settings = [] } = commands;
  const common = ["--threads", String(threads), "--quiet", "--json"];
  const told = ["--target", splits.target, "--out", folder, ...(base === "table" ? ["--k", "0"] : [])];
  const read = await harmonic(["preprocess", splits.train, ...told, ...common]);
  const train = await harmonic(["train", folder, "--base", base, ...settings, ...common]);
  return { rows: read.result["rows"]!, train };
}
