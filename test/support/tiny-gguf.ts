import { writeFileSync } from "node:fs";

import { ggufBytes, type GgufTensor, type MetadataValue } from "./gguf-writer";
import { bpeVocabulary, spmVocabulary } from "./tiny-vocabulary";

export interface TinyGgufOptions {
  /**
   * "llama", "qwen2" (biases on q, k, v) or "qwen3" (norms of q and k); any other name is written over llama's
   * tensors: "internlm2" with `tied: false` is one that llama.cpp runs and the trainer refuses. Default "llama".
   */
  architecture?: string;
  seed?: number;
  nLayers?: number;
  nEmbedding?: number;
  nHeads?: number;
  nHeadsKv?: number;
  nFeedForward?: number;
  nContext?: number;
  /** "bpe" (GPT-2 style, 256 bytes and some words) or "spm". Default "bpe". */
  tokenizer?: "bpe" | "spm";
  /** llama.cpp's name of the pre-tokenizer of a BPE; "smollm" splits digits. Default "smollm". */
  preTokenizer?: string;
  /** the output matrix is the embedding. Default true. */
  tied?: boolean;
}

/** Writes a small random language model (F32) that llama.cpp runs; the same options give the same bytes. */
export function writeTinyGguf(path: string, options: TinyGgufOptions = {}): void {
  writeFileSync(path, tinyGguf(options));
}

/** The bytes that writeTinyGguf writes. */
export function tinyGguf(options: TinyGgufOptions = {}): Buffer {
  const { metadata, tensors } = tinyGgufParts(options);
  return ggufBytes(metadata, tensors);
}

/** What the file holds, for tests that change it. */
export function tinyGgufParts(options: TinyGgufOptions = {}): {
  metadata: Record<string, MetadataValue>;
  tensors: GgufTensor[];
} {
  const shape = {
    architecture: "llama",
    seed: 1,
    nLayers: 2,
    nEmbedding: 64,
    nHeads: 4,
    nHeadsKv: 2,
    nFeedForward: 128,
    nContext: 2048,
    tokenizer: "bpe",
    preTokenizer: "smollm",
    tied: true,
    ...options,
  };
  const vocabulary = shape.tokenizer === "spm" ? spmVocabulary() : bpeVocabulary(shape.preTokenizer);
  const tokens = vocabulary["tokenizer.ggml.tokens"]!.value as string[];
  const headSize = shape.nEmbedding / shape.nHeads;
  const u32 = (value: number): MetadataValue => ({ type: "u32", value });
  const f32 = (value: number): MetadataValue => ({ type: "f32", value });
  const metadata: Record<string, MetadataValue> = {
    "general.architecture": { type: "string", value: shape.architecture },
    "general.name": { type: "string", value: `tiny ${shape.architecture}` },
    "general.file_type": u32(0),
  };
  const parameters: Record<string, MetadataValue> = {
    block_count: u32(shape.nLayers),
    context_length: u32(shape.nContext),
    embedding_length: u32(shape.nEmbedding),
    feed_forward_length: u32(shape.nFeedForward),
    "attention.head_count": u32(shape.nHeads),
    "attention.head_count_kv": u32(shape.nHeadsKv),
    "attention.key_length": u32(headSize),
    "attention.value_length": u32(headSize),
    "attention.layer_norm_rms_epsilon": f32(1e-5),
    "rope.dimension_count": u32(headSize),
    "rope.freq_base": f32(10000),
    vocab_size: u32(tokens.length),
  };
  for (const [key, value] of Object.entries(parameters)) metadata[`${shape.architecture}.${key}`] = value;
  return { metadata: { ...metadata, ...vocabulary }, tensors: tinyTensors(shape, tokens.length) };
}

type Shape = Required<Pick<TinyGgufOptions, "architecture" | "seed" | "nLayers" | "nEmbedding" | "tied">> &
  Required<Pick<TinyGgufOptions, "nHeads" | "nHeadsKv" | "nFeedForward">>;

function tinyTensors(shape: Shape, nVocabulary: number): GgufTensor[] {
  const normal = normals(shape.seed);
  const tensors: GgufTensor[] = [];
  const add = (name: string, dimensions: number[], deviation: number, mean = 0): void => {
    const data = new Float32Array(dimensions.reduce((product, n) => product * n, 1));
    for (let i = 0; i < data.length; i++) data[i] = mean + deviation * normal();
    tensors.push({ name, shape: dimensions, data });
  };
  const d = shape.nEmbedding;
  const headSize = d / shape.nHeads;
  const dKv = headSize * shape.nHeadsKv;
  const ff = shape.nFeedForward;
  const unit = 1 / Math.sqrt(d);

  add("token_embd.weight", [d, nVocabulary], 0.1);
  add("output_norm.weight", [d], 0.1, 1);
  if (!shape.tied) add("output.weight", [d, nVocabulary], 0.15);
  for (let layer = 0; layer < shape.nLayers; layer++) {
    const block = `blk.${layer}.`;
    add(block + "attn_norm.weight", [d], 0.1, 1);
    add(block + "attn_q.weight", [d, d], 1.5 * unit);
    add(block + "attn_k.weight", [d, dKv], 1.5 * unit);
    add(block + "attn_v.weight", [d, dKv], unit);
    if (shape.architecture === "qwen2") {
      add(block + "attn_q.bias", [d], 0.3);
      add(block + "attn_k.bias", [dKv], 0.3);
      add(block + "attn_v.bias", [dKv], 0.3);
    }
    if (shape.architecture === "qwen3") {
      add(block + "attn_q_norm.weight", [headSize], 0.1, 1);
      add(block + "attn_k_norm.weight", [headSize], 0.1, 1);
    }
    add(block + "attn_output.weight", [d, d], unit);
    add(block + "ffn_norm.weight", [d], 0.1, 1);
    add(block + "ffn_gate.weight", [d, ff], unit);
    add(block + "ffn_up.weight", [d, ff], unit);
    add(block + "ffn_down.weight", [ff, d], 1 / Math.sqrt(ff));
  }
  return tensors;
}

/** Standard normal numbers: mulberry32 through Box-Muller. */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return (((z ^ (z >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
