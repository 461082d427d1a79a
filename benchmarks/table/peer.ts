import { join } from "node:path";
import { trialArguments } from "../harness/child";
import { type Peer, runPeer } from "../harness/peer";
import { runTableTrial, type Drawn, type TableTrial } from "./trial";

export type PeerTrial = TableTrial & Peer;

/** A peer in a process of its own; its rows are scored here, as for all others. */
async function main(): Promise<void> {
  const { python, peer, settings, ...trial } = trialArguments<PeerTrial>();
  const { splits, threads, rows, most } = trial;
  const { train, target } = splits;
  await runTableTrial(trial, (seed, folder, scored) => {
    const told = { peer, train, target, scored, most, folder, rows, seed, threads, ...settings };
    return runPeer<Drawn>(python, join(__dirname, "peer.py"), told, threads);
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
