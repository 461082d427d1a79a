import { join } from "node:path";
import { runProcess } from "../harness/process";
import { trialArguments } from "../harness/child";
import { runTableTrial, type Drawn, type TableTrial } from "./trial";

export interface PeerTrial extends TableTrial {
  python: string;
  /** name of a function in peer.py */
  peer: string;
  /** what it is told beside the tables, e.g. a limit of its time in training */
  settings: Record<string, number>;
}

const TIMEOUT_MS = 4 * 60 * 60_000;

/** A peer in a process of its own; its rows are scored here, as for all others. */
async function main(): Promise<void> {
  const { python, peer, settings, ...trial } = trialArguments<PeerTrial>();
  const { splits, threads, rows, most } = trial;
  const { train, target } = splits;
  const env = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads), HF_HUB_OFFLINE: "1" };
  await runTableTrial(trial, async (seed, folder, scored) => {
    const told = { peer, train, target, scored, most, folder, rows, seed, threads, ...settings };
    const command = [python, join(__dirname, "peer.py"), JSON.stringify(told)];
    const stdout = await runProcess(command, env, TIMEOUT_MS);
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Drawn;
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
