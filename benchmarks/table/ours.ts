import { join } from "node:path";
import { modelInfo } from "../../src/model/info";
import { FILES } from "../../src/run/folder";
import { trialArguments } from "../harness/child";
import { harmonic } from "../harness/command";
import { trainByCommands } from "../harness/trained";
import { runTableTrial, type Drawn, type TableTrial } from "./trial";

export interface OursTrial extends TableTrial {
  /** table, or a language model */
  base: string;
  /** further options of harmonic train */
  options: Record<string, number>;
}

/** Ours, by the command line: each stage is a process of its own, of which the largest counts. */
async function main(): Promise<void> {
  const trial = trialArguments<OursTrial>();
  await runTableTrial(trial, (seed, folder, scored) => draw(trial, seed, folder, scored));
}

async function draw(
  { splits, rows, most, threads, base, options }: OursTrial,
  seed: number,
  folder: string,
  scored: string,
): Promise<Drawn> {
  const run = join(folder, "run");
  const common = ["--threads", String(threads), "--quiet", "--json"];
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const settings = ["--seed", String(seed), ...given];
  const { rows: nRows, train } = await trainByCommands({ splits, folder: run, threads, base, settings });
  const nScored = Math.min(nRows, most ?? Infinity);
  let sample = await harmonic(["sample", run, "--rows", String(nScored), "--out", scored, ...common]);
  if (rows > nScored) {
    const out = ["--rows", String(rows), "--out", join(folder, "rows.parquet")];
    sample = await harmonic(["sample", run, ...out, ...common]);
  }
  const drawn: Drawn = {
    train_s: train.result["seconds"]!,
    epochs: train.result["epochs"]!,
    rows_per_s: sample.result["rows"]! / sample.result["seconds"]!,
    peak_memory: Math.max(train.peakMemory, sample.peakMemory),
  };
  if (base !== "table") return drawn;
  const { nParameters } = await modelInfo(join(run, FILES.model));
  return { ...drawn, parameters: nParameters };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
