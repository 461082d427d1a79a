import { writeTinyAdapter } from "./tiny-adapter";

export interface TinyShape {
  architecture?: string;
  nEmbedding?: number;
  nFeedForward?: number;
  nLayers?: number;
}

/** A random LoRA of every projection of a tiny model with twice as many query as key heads. */
export function writeFullAdapter(
  path: string,
  shape: TinyShape = {},
  options: { rank?: number; alpha?: number; size?: number } = {},
): void {
  const { architecture = "llama", nEmbedding: d = 64, nFeedForward: ff = 128, nLayers = 2 } = shape;
  const targets: Record<string, [number, number]> = {};
  for (let layer = 0; layer < nLayers; layer++) {
    const block = `blk.${layer}.`;
    targets[`${block}attn_q.weight`] = [d, d];
    targets[`${block}attn_k.weight`] = [d, d / 2];
    targets[`${block}attn_v.weight`] = [d, d / 2];
    targets[`${block}attn_output.weight`] = [d, d];
    targets[`${block}ffn_gate.weight`] = [d, ff];
    targets[`${block}ffn_up.weight`] = [d, ff];
    targets[`${block}ffn_down.weight`] = [ff, d];
  }
  writeTinyAdapter(path, { architecture, targets, ...options });
}
