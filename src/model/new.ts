import { stat } from "node:fs/promises";
import { HarmonicError } from "../errors";
import type { ModelShape } from "../native/addon";
import { loadAddon } from "../native/load";
import { replaceFile } from "../run/atomic";
import { modelInfo } from "./info";

/** The shape of a model to train from scratch; absent: see NEW_MODEL. */
export type NewModelOptions = Partial<ModelShape> & {
  /** path of the GGUF to write */
  out: string;
  /** of the random weights [0] */
  seed?: number | undefined;
} & (
    | {
        /** GGUF whose tokenizer it gets, so that it can be trained on text */
        tokenizer: string;
      }
    | {
        /** ids that it knows, without a tokenizer */
        nVocabulary: number;
      }
  );

export interface NewModelResult {
  out: string;
  /** weights, the embedding included */
  nParameters: number;
  /** bytes of the file */
  size: number;
}

/** About a million weights beside the embedding. */
export const NEW_MODEL = { nLayers: 4, nEmbedding: 128, nHeads: 4, nContext: 2048 } as const;

/**
 * Writes a model of random weights (llama architecture, initialised as GPT-2, Radford et al., 2019), to be trained whole
 * on a table; any llama.cpp loads it. Absent: as many key and value heads as heads, a feed-forward width of 8 / 3 of the
 * width in multiples of 32, rotation base 10,000, the output matrix tied to the embedding.
 * @throws E_USAGE where the shape cannot be, E_MODEL where the tokenizer cannot be read, E_IO
 */
export async function newModel({ out, seed = 0, ...wanted }: NewModelOptions): Promise<NewModelResult> {
  const shape = { ...NEW_MODEL, ...wanted };
  const { nEmbedding, nHeads } = shape;
  checkHeads(nHeads, nEmbedding);
  await replaceFile(out, async (path) => {
    await loadAddon().writeScratchModel({
      nHeadsKv: nHeads,
      nFeedForward: 32 * Math.ceil((nEmbedding * 8) / 3 / 32),
      ropeBase: 10000,
      normEpsilon: 1e-5,
      tied: true,
      ...shape,
      ...{ path, seed },
    });
  });
  const { nParameters } = await modelInfo(out);
  return { out, nParameters, size: (await stat(out)).size };
}

/** Rotation turns pairs of a head's values. @throws E_USAGE where a head would have an odd number of them */
export function checkHeads(nHeads: number, width: number): void {
  if (width % (2 * nHeads) === 0) return;
  throw new HarmonicError(
    "E_USAGE",
    `expected an even number of values a head, but ${nHeads} heads share a width of ${width}`,
    { hint: `use a width that is a multiple of ${2 * nHeads}` },
  );
}
