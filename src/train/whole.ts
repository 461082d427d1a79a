import { formatBytes } from "../bytes";
import { HarmonicError } from "../errors";
import type { ModelInfo } from "../native/addon";
import type { MemoryPlan } from "./memory";
import type { TrainSettings } from "./settings";

/** Weights of a base that is still trained whole. */
const MOST_PARAMETERS = 150e6;
/** A weight, its gradient and two moments in F32, and a copy of the state for a checkpoint. */
const BYTES_PER_PARAMETER = 16 + 12;
/** Floats that the threads' copies of the gradients take at most; as in native/engine/full-trainer.cpp. */
const GRADIENT_FLOATS = 64 * 2 ** 20;
/** Floats that a token's forward pass leaves in a block, in widths of the model. */
const WIDTHS_PER_BLOCK = 20;
/** Tokens that a thread has in hand at a time. */
const PIECE_TOKENS = 512;

/**
 * What training all weights of a base takes.
 * @throws E_USAGE with the figure where the base is too large for it, or the memory too small
 */
export function planWhole(base: ModelInfo, settings: TrainSettings, maxMemory = Infinity): MemoryPlan {
  const { nParameters, nLayers, nEmbedding } = base;
  const workers = Math.min(settings.threads, Math.max(1, Math.floor(GRADIENT_FLOATS / nParameters)));
  const bytes =
    process.memoryUsage().rss +
    nParameters * (BYTES_PER_PARAMETER + 4 * (workers - 1)) +
    4 * workers * PIECE_TOKENS * (nLayers + 1) * WIDTHS_PER_BLOCK * nEmbedding;
  const needs = `training all ${nParameters.toLocaleString("en")} weights of ${base.name} needs about ${formatBytes(bytes)} of memory`;
  if (nParameters > MOST_PARAMETERS) {
    throw new HarmonicError("E_USAGE", `${needs}, and pays for small models alone`, {
      hint: `train an adapter, or a base of at most ${MOST_PARAMETERS / 1e6} million weights`,
    });
  }
  if (bytes > maxMemory) {
    throw new HarmonicError("E_USAGE", `${needs}, more than the ${formatBytes(maxMemory)} allowed`, {
      hint: "allow more, train an adapter, or use a smaller base model",
    });
  }
  return { bytes, weights: "f32", recompute: false, microBatchTokens: settings.microBatchTokens };
}
