import type { ModelShape, OpenFullTrainerOptions } from "../../src/native/addon";

/** A model of some thousand weights, to be trained from scratch. */
export const TINY_SHAPE: ModelShape = {
  nLayers: 2,
  nEmbedding: 64,
  nHeads: 4,
  nHeadsKv: 2,
  nFeedForward: 96,
  nContext: 1024,
  ropeBase: 10000,
  normEpsilon: 1e-5,
  tied: false,
};

/** Full training over the whole vocabulary. */
export function fullTrainer(
  path: string,
  changes: Partial<OpenFullTrainerOptions> = {},
): OpenFullTrainerOptions {
  return {
    path,
    threads: 1,
    vocabulary: new Int32Array(0),
    allowedSets: { offsets: new Int32Array(1), labels: new Int32Array(0) },
    ...changes,
  };
}
