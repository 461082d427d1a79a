import { join } from "node:path";
import { isNumberField } from "../../src/table/schema";
import { trialArguments } from "../harness/child";
import { runProcess } from "../harness/process";
import { learntSchema } from "./holes";
import { runImputeTrial, type ImputeTrial } from "./trial";

export interface PeerTrial extends ImputeTrial {
  python: string;
  /** name of a function in peer.py */
  peer: string;
  /** what it is told beside the tables, e.g. its number of neighbours */
  settings: Record<string, number>;
}

const TIMEOUT_MS = 4 * 60 * 60_000;

/** A peer in a process of its own, which completes all tables. */
async function main(): Promise<void> {
  const { python, peer, settings, ...trial } = trialArguments<PeerTrial>();
  const { splits, holes, threads } = trial;
  await runImputeTrial(trial, async (filled) => {
    const numbers = (await learntSchema(splits)).fields.filter(isNumberField).map(({ name }) => name);
    const told = {
      peer,
      settings,
      train: splits.train,
      numbers,
      holes: holes.map((one) => one.holes),
      filled,
    };
    const env = { OMP_NUM_THREADS: String(threads), OPENBLAS_NUM_THREADS: String(threads) };
    const command = [python, join(__dirname, "peer.py"), JSON.stringify(told)];
    const stdout = await runProcess(command, env, TIMEOUT_MS);
    const { seconds, peak_memory: peakMemory } = JSON.parse(stdout.trim().split("\n").at(-1)!) as {
      seconds: number[];
      peak_memory: number;
    };
    return { trainSeconds: 0, seconds, peakMemory };
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
