import { HarmonicError } from "../../errors";
import type { TrainTarget } from "../../native/addon";

/** A matrix of a transformer, by the names that the trainer, GGUF and Hugging Face have for it. */
export interface Module {
  target: TrainTarget;
  /** in GGUF, after "blk.N." */
  gguf: string;
  /** in Hugging Face's models, after "model.layers.N." */
  huggingFace: string;
}

export const MODULES: readonly Module[] = [
  { target: "q", gguf: "attn_q", huggingFace: "self_attn.q_proj" },
  { target: "k", gguf: "attn_k", huggingFace: "self_attn.k_proj" },
  { target: "v", gguf: "attn_v", huggingFace: "self_attn.v_proj" },
  { target: "o", gguf: "attn_output", huggingFace: "self_attn.o_proj" },
  { target: "gate", gguf: "ffn_gate", huggingFace: "mlp.gate_proj" },
  { target: "up", gguf: "ffn_up", huggingFace: "mlp.up_proj" },
  { target: "down", gguf: "ffn_down", huggingFace: "mlp.down_proj" },
];

/** One module in one layer. */
export interface Place {
  layer: number;
  module: Module;
}

/** The place of a GGUF matrix such as "blk.3.attn_q.weight"; undefined for any other name. */
export function placeOfGguf(weight: string): Place | undefined {
  const [, layer, name] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(weight) ?? [];
  const module = MODULES.find(({ gguf }) => gguf === name);
  return module && { layer: Number(layer), module };
}

export const ggufName = ({ layer, module }: Place): string => `blk.${layer}.${module.gguf}.weight`;

/** The module's name in a Hugging Face model for causal language modelling. */
export const moduleName = ({ layer, module }: Place): string => `model.layers.${layer}.${module.huggingFace}`;

/** The tensor's name in a PEFT adapter. */
export const peftName = (place: Place, side: "A" | "B"): string =>
  `base_model.model.${moduleName(place)}.lora_${side}.weight`;

/** What peftName names; undefined for any other tensor. */
export function placeOfPeft(name: string): (Place & { side: "A" | "B" }) | undefined {
  const pattern = /^base_model\.model\.(?:model\.)?layers\.(\d+)\.(.+)\.lora_([AB])(?:\.default)?\.weight$/;
  const [, layer, path, side] = pattern.exec(name) ?? [];
  const module = MODULES.find(({ huggingFace }) => huggingFace === path);
  return module && { layer: Number(layer), module, side: side as "A" | "B" };
}

/**
 * Whether GGUF has the rows of q and k in another order than Hugging Face: llama's rotary embedding turns neighbours
 * (2i, 2i + 1) in GGUF and halves (i, i + d / 2) in Hugging Face; that of qwen turns halves in both.
 * @throws E_MODEL for an architecture whose order and names are not known here
 */
export function isPermuted(architecture: string, what: string): boolean {
  if (architecture === "llama") return true;
  if (architecture === "qwen2" || architecture === "qwen3") return false;
  throw new HarmonicError("E_MODEL", `${what} is for the architecture "${architecture}"`, {
    hint: "between PEFT and GGUF go adapters of llama (also Mistral), qwen2 and qwen3",
  });
}

/**
 * The rows of B (nOut, rank) of q or k, of `nHeads` heads: halves of a head interleaved, as Hugging Face's converter
 * does it, or back.
 */
export function permuteRows(
  b: Float32Array,
  rank: number,
  nHeads: number,
  direction: "to-gguf" | "to-hugging-face",
): Float32Array {
  const nOut = b.length / rank;
  const half = nOut / nHeads / 2;
  const out = new Float32Array(b.length);
  for (let row = 0; row < nOut; row++) {
    const head = Math.floor(row / (2 * half));
    const within = row % (2 * half);
    // Row `within` of Hugging Face's head stands at `interleaved` in GGUF.
    const interleaved = head * 2 * half + 2 * (within % half) + Math.floor(within / half);
    const [from, to] = direction === "to-gguf" ? [row, interleaved] : [interleaved, row];
    out.set(b.subarray(from * rank, (from + 1) * rank), to * rank);
  }
  return out;
}
