import type { OpenTrainerOptions, TrainBatch } from "../../src/native/addon";

/** A LoRA on every projection of a tiny model, in F32. */
export function tinyTrainer(path: string, changes: Partial<OpenTrainerOptions> = {}): OpenTrainerOptions {
  return {
    path,
    rank: 16,
    alpha: 32,
    targets: ["q", "k", "v", "o", "gate", "up", "down"],
    seed: 1,
    threads: 1,
    weights: "f32",
    vocabulary: new Int32Array(0),
    allowedSets: new Uint8Array(0),
    ...changes,
  };
}

/** One group of tokens, loss on every position but the last: the full vocabulary's next-token loss. */
export function nextTokenBatch(tokens: Int32Array): TrainBatch {
  const n = tokens.length - 1;
  return {
    tokens,
    groupOffsets: Int32Array.of(0, tokens.length),
    lossPositions: Int32Array.from({ length: n }, (_, i) => i),
    labels: tokens.slice(1),
    sets: new Int32Array(n),
    weights: new Float32Array(n).fill(1 / n),
  };
}

export const ADAMW = {
  learningRate: 1e-2,
  weightDecay: 0,
  clip: 1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};
