import { writeFileSync } from "node:fs";
import { Random } from "../../src/random";
import { ggufBytes, type GgufTensor } from "./gguf-writer";

export interface TinyAdapterOptions {
  architecture?: string;
  rank?: number;
  alpha?: number;
  /** adapted matrices by name: [n_in, n_out]; default those of the tiny llama's first layer that differ in shape */
  targets?: Record<string, [number, number]>;
  /** largest entry of A and B; 0 makes an adapter that changes nothing */
  size?: number;
  /** matrices beside those of `targets`, as the file holds them */
  others?: GgufTensor[];
}

export const TINY_TARGETS: Record<string, [number, number]> = {
  "blk.0.attn_q.weight": [64, 64],
  "blk.0.attn_v.weight": [64, 32],
  "blk.1.ffn_down.weight": [128, 64],
};

/** Low-rank matrices by name, as the adapter file holds them: A (rank, n_in), B (n_out, rank), row-major. */
export function tinyAdapterTensors(options: TinyAdapterOptions = {}): GgufTensor[] {
  const { rank = 4, targets = TINY_TARGETS, size = 0.3 } = options;
  const random = new Random("adapter");
  const fill = (n: number): Float32Array =>
    Float32Array.from({ length: n }, () => size * (2 * random.nextFloat() - 1));
  return Object.entries(targets).flatMap(([name, [nIn, nOut]]) => [
    { name: `${name}.lora_a`, shape: [nIn, rank], data: fill(nIn * rank) },
    { name: `${name}.lora_b`, shape: [rank, nOut], data: fill(rank * nOut) },
  ]);
}

/** The bytes of a random LoRA adapter in llama.cpp's format. */
export function tinyAdapter(options: TinyAdapterOptions = {}): Buffer {
  return ggufBytes(
    {
      "general.type": { type: "string", value: "adapter" },
      "general.architecture": { type: "string", value: options.architecture ?? "llama" },
      "adapter.type": { type: "string", value: "lora" },
      "adapter.lora.alpha": { type: "f32", value: options.alpha ?? 8 },
    },
    [...tinyAdapterTensors(options), ...(options.others ?? [])],
  );
}

export function writeTinyAdapter(path: string, options: TinyAdapterOptions = {}): void {
  writeFileSync(path, tinyAdapter(options));
}
