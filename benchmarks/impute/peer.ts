import { join } from "node:path";
import { isNumberField } from "../../src/table/schema";
import { trialArguments } from "../harness/child";
import { type Peer, runPeer } from "../harness/peer";
import { learntSchema } from "./holes";
import { runImputeTrial, type ImputeTrial } from "./trial";

export type PeerTrial = ImputeTrial & Peer;

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
    const { seconds, peak_memory: peakMemory } = await runPeer<{ seconds: number[]; peak_memory: number }>(
      python,
      join(__dirname, "peer.py"),
      told,
      threads,
    );
    return { trainSeconds: 0, seconds, peakMemory };
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
