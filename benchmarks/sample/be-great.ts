import { join } from "node:path";
import { report, trialArguments } from "../harness/child";
import { runProcess } from "../harness/process";
import { valuesOf } from "./measured";
import { readRequests } from "./requests";
import type { Row } from "./validity";

export interface BeGreatTrial {
  python: string;
  folder: string;
  requests: string;
  threads: number;
  batch: number;
  seconds: number;
  timeoutMs: number;
}

const BE_GREAT = join(__dirname, "be-great.py");

/** be_great in its own process; which of its rows are valid is judged here, as for all others. */
async function main(): Promise<void> {
  const { python, folder, requests, threads, timeoutMs, ...settings } = trialArguments<BeGreatTrial>();
  const env = { OMP_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads), GOMP_SPINCOUNT: "1000" };
  const command = [python, BE_GREAT, "sample", folder, JSON.stringify(settings)];
  const stdout = await runProcess(command, env, timeoutMs);
  const drawn = JSON.parse(stdout.trim().split("\n").at(-1)!) as {
    rows: Row[];
    tokens: number;
    seconds: number;
    peak_memory: number;
  };
  report(valuesOf(drawn, readRequests(requests).schema), drawn.peak_memory);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
