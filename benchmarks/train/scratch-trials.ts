import { join } from "node:path";
import type { ModelShape } from "../../src/native/addon";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import type { Measurement, Trial } from "../harness/trial";

const SHAPE: ModelShape = {
  ...{ nLayers: 4, nEmbedding: 128, nHeads: 4, nHeadsKv: 4, nFeedForward: 344 },
  ...{ nContext: 64, ropeBase: 10000, normEpsilon: 1e-5, tied: false },
};
/** A model of a million weights over rows of 15 cells, one token each, of 50 ids a column. */
const COMMON = { shape: SHAPE, nVocabulary: 750, nTokens: 15, batch: 256, steps: 12, learningRate: 1e-3 };
export type ScratchTrial = typeof COMMON;

/** What PyTorch's products take: F32, or BF16 by its autocast. */
const FACTORS = ["f32", "bf16"];
const TASK = "from scratch, 1M weights, rows of 15 tokens";

/** Full training from scratch: ours, over all ids and over each column's alone, and PyTorch over all. */
export function scratchTrials(
  python: string,
  threads: readonly number[],
): { ours: Trial[]; theirs: Trial[] } {
  const ours = (["full", "column"] as const).flatMap((softmax) =>
    threads.map((n): Trial => {
      const settings = { softmax, threads: n };
      const command = nodeTrial(join(__dirname, "scratch.ts"), { ...COMMON, softmax, threads: n });
      return { subject: "harmonic", task: TASK, settings, command };
    }),
  );
  const theirs = FACTORS.flatMap((factors) =>
    threads.map((n): Trial => {
      const trial = JSON.stringify({ ...COMMON, threads: n, factors });
      return {
        ...{ subject: "pytorch", task: TASK, settings: { softmax: "full", factors, threads: n } },
        command: [python, join(__dirname, "scratch-trial.py"), trial],
        env: { OMP_NUM_THREADS: String(n), MKL_NUM_THREADS: String(n), GOMP_SPINCOUNT: "1000" },
      };
    }),
  );
  return { ours, theirs };
}

/** Tokens/s against PyTorch's, the smallest ratio of its trials: over the same softmax, and over columns' alone. */
export function scratchRatios(
  measurements: readonly Measurement[],
  threads: readonly number[],
): Record<string, number> {
  const metric = "tokens_per_second";
  const ratio = (softmax: string, n: number, factors: string): number =>
    ratiosOf({
      key: [
        medianOf(measurements, { subject: "harmonic", metric, settings: { softmax, threads: n } }),
        medianOf(measurements, { subject: "pytorch", metric, settings: { factors, threads: n } }),
      ],
    })["key"] ?? NaN;
  const smallest = (softmax: string): number =>
    Math.min(...threads.flatMap((n) => FACTORS.map((factors) => ratio(softmax, n, factors))));
  const all = {
    scratch_tokens_vs_pytorch: smallest("full"),
    scratch_tokens_by_column_vs_pytorch: smallest("column"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => !Number.isNaN(value)));
}
