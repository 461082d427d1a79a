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
/** Tokens that a thread has in hand at a time; a longer group is in hand whole. */
const PIECE_TOKENS = 512;

const FEWER_TOKENS = "columns of very many categories take most, which a higher --protect-rare leaves out";

export interface WholeLimits {
  /** bytes that the process may take [any] */
  maxMemory?: number | undefined;
  /** tokens of the longest group [512] */
  longest?: number;
  /** whether the model is one of a table alone [false] */
  ofTable?: boolean;
}

/**
 * What training all weights of a base takes.
 * @throws E_USAGE with the figure where the base is too large for it, or the memory too small
 */
export function planWhole(
  base: ModelInfo,
  settings: TrainSettings,
  { maxMemory = Infinity, longest = PIECE_TOKENS, ofTable = false }: WholeLimits = {},
): MemoryPlan {
  const { nParameters, nLayers, nEmbedding } = base;
  const workers = Math.min(settings.threads, Math.max(1, Math.floor(GRADIENT_FLOATS / nParameters)));
  const bytes =
    process.memoryUsage().rss +
    nParameters * (BYTES_PER_PARAMETER + 4 * (workers - 1)) +
    4 * workers * Math.max(PIECE_TOKENS, longest) * (nLayers + 1) * WIDTHS_PER_BLOCK * nEmbedding;
  const name = ofTable ? "a model of this table" : base.name;
  const needs = `training all ${nParameters.toLocaleString("en")} weights of ${name} needs about ${formatBytes(bytes)} of memory`;
  if (nParameters > MOST_PARAMETERS) {
    throw new HarmonicError("E_USAGE", `${needs}, and pays for small models alone`, {
      hint: ofTable
        ? `give a smaller --width or fewer --layers: at most ${MOST_PARAMETERS / 1e6} million weights; ${FEWER_TOKENS}`
        : `train an adapter, or a base of at most ${MOST_PARAMETERS / 1e6} million weights`,
    });
  }
  if (bytes > maxMemory) {
    throw new HarmonicError("E_USAGE", `${needs}, more than the ${formatBytes(maxMemory)} allowed`, {
      hint: ofTable
        ? `allow more, or give a smaller --width or fewer --layers; ${FEWER_TOKENS}`
        : "allow more, train an adapter, or use a smaller base model",
    });
  }
  return {
    bytes,
    onDevice: false,
    weights: "f32",
    recompute: false,
    microBatchTokens: settings.microBatchTokens,
  };
}
