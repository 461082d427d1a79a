import { realpath } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { HarmonicError } from "../errors";
import type { MergerPlan } from "../native/addon";
import { loadAddon } from "../native/load";
import { throwIfAborted, type StageControl } from "../progress";
import { replaceFile } from "../run/atomic";
import { resolveAdapter } from "./adapter";

/** Types that the matrices of a merged model may be given. */
export const MERGE_TYPES = [
  "f32",
  "f16",
  "bf16",
  "q8_0",
  "q6_k",
  "q5_k",
  "q5_1",
  "q5_0",
  "q4_k",
  "q4_1",
  "q4_0",
  "q3_k",
  "q2_k",
] as const;
export type MergeType = (typeof MERGE_TYPES)[number];

export interface MergeOptions extends StageControl {
  /** path of the base's GGUF */
  base: string;
  /** as resolveAdapter takes it: a GGUF, a PEFT folder or a run folder */
  adapter: string;
  /** path of the GGUF to write */
  out: string;
  /** of the matrices; default: each keeps its own, or becomes Q8_0 where its own cannot be written */
  type?: MergeType | undefined;
  /** default: all cores */
  threads?: number | undefined;
}

export interface MergeResult extends MergerPlan {
  out: string;
}

/**
 * Writes base + adapter as one GGUF that any llama.cpp loads; the file appears whole. The sum is computed in F32 on the
 * dequantised weights, then given its type.
 * @throws E_USAGE, E_MODEL, E_IO, E_ABORTED
 */
export async function mergeAdapter(options: MergeOptions): Promise<MergeResult> {
  const { base, out, type, threads = availableParallelism(), signal, onProgress } = options;
  const adapter = await resolveAdapter(options.adapter, base);
  await checkOut(out, base, adapter);
  let plan: MergerPlan | undefined;
  await replaceFile(out, async (partial) => {
    throwIfAborted(signal, "merging");
    const merger = await loadAddon().openMerger({
      base,
      adapter,
      out: partial,
      threads,
      ...(type && { type }),
    });
    try {
      plan = merger.plan();
      for (let done = 0; done < plan.size;) {
        throwIfAborted(signal, "merging");
        done = await merger.step();
        onProgress?.({ stage: "merge", done, total: plan.size, unit: "bytes" });
      }
    } finally {
      merger.close();
    }
  });
  return { out, ...plan! };
}

async function checkOut(out: string, ...inputs: string[]): Promise<void> {
  const real = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));
  for (const input of inputs) {
    if ((await real(input)) !== (await real(out))) continue;
    throw new HarmonicError("E_USAGE", `expected another file than ${input} for \`out\``, {
      hint: "the merged model is a new file",
    });
  }
}
