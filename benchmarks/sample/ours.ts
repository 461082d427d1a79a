import type { SampleEngine } from "../../src/native/addon";
import { Sampler } from "../../src/sample/sampler";
import { report, trialArguments } from "../harness/child";
import { K, readDiabetes } from "../tasks/diabetes";

export interface SampleTrial {
  engine: SampleEngine;
  examples: number;
  rowsPerPrompt: number;
  threads: number;
  nSequences: number;
  chunks: number;
}

/** Rows of the short chunk that warms up; a multiple of every rowsPerPrompt. */
const WARM_UP_ROWS = 8;

/** One process of the sampler: chunks of rows, timed after a short one. */
async function main(): Promise<void> {
  const { base, chunks, examples, ...settings } = trialArguments<SampleTrial & { base: string }>();
  const prompt = examples === 0 ? "none" : "random";
  const { nSequences } = settings;
  const sampler = await Sampler.open({
    ...(await readDiabetes()),
    k: K,
    base,
    // A model that is not trained draws what comes: the time of redraws is no part of this.
    settings: { ...settings, prompt, groupRows: nSequences, allowCopies: true },
  });
  const rows_per_second: number[] = [];
  const tokens_per_second: number[] = [];
  await sampler.group(chunks, WARM_UP_ROWS);
  for (let g = 0; g < chunks; g++) {
    const started = process.hrtime.bigint();
    const { nTokens } = await sampler.group(g, nSequences);
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    rows_per_second.push(nSequences / seconds);
    tokens_per_second.push(nTokens / seconds);
  }
  sampler.close();
  report({ rows_per_second, tokens_per_second });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
