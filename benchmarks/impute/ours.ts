import { trialArguments } from "../harness/child";
import { harmonic } from "../harness/command";
import { runImputeTrial, type ImputeTrial } from "./trial";
import { trainedFolder } from "./trained";

export interface OursTrial extends ImputeTrial {
  impute: string;
}

/** Ours, by the command line; all ways to fill cells take the same model. */
async function main(): Promise<void> {
  const trial = trialArguments<OursTrial>();
  const { splits, holes, threads, impute } = trial;
  await runImputeTrial(trial, async (filled) => {
    const model = await trainedFolder({ splits, threads, permute: true });
    const runs = [];
    for (const [i, out] of filled.entries()) {
      const given = ["--given", holes[i]!.holes, "--impute", impute, "--out", out];
      runs.push(
        await harmonic(["sample", model.folder, ...given, "--threads", String(threads), "--quiet", "--json"]),
      );
    }
    return {
      trainSeconds: model.seconds,
      seconds: runs.map(({ result }) => result["seconds"]!),
      peakMemory: Math.max(model.peakMemory, ...runs.map(({ peakMemory }) => peakMemory)),
    };
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
