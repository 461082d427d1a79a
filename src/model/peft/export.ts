import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { HarmonicError } from "../../errors";
import { orFileError } from "../../file-error";
import { writeText } from "../../run/atomic";
import type { Lora, LoraMatrix } from "../lora";
import { safetensorsBytes } from "../safetensors";
import { PEFT_FILES } from "./config";
import { isPermuted, moduleName, peftName, permuteRows, placeOfGguf, type Place } from "./names";

/** Heads of the base, which GGUF's order of the rows of llama's q and k depends on. */
export interface Heads {
  nHeads: number;
  nHeadsKv: number;
}

export interface ExportPeftOptions {
  lora: Lora;
  /** of the adapter, for messages */
  path: string;
  /** made if missing */
  out: string;
  /** needed for llama alone */
  heads?: Heads | undefined;
  /** layers of the base; default: up to the last that the adapter changes */
  nLayers?: number | undefined;
  /** the Hugging Face name or folder of the base; PEFT asks for it only to load both in one call */
  baseName?: string | undefined;
}

/**
 * Writes an adapter as PEFT saves them: adapter_config.json and adapter_model.safetensors, in F32.
 * @returns the files written
 * @throws E_MODEL where the adapter changes what PEFT has no name for, E_USAGE where the heads are needed and not known
 */
export async function exportPeft(options: ExportPeftOptions): Promise<{ config: string; weights: string }> {
  const { lora, path, out } = options;
  const permuted = isPermuted(lora.architecture, `the adapter ${path}`);
  const placed = lora.matrices.map((matrix) => ({ matrix, place: placeOf(matrix, path) }));
  const tensors = placed.flatMap(({ matrix, place }) => {
    const { rank, nIn, nOut, a } = matrix;
    const b = permuted ? unpermuted(matrix, place, options) : matrix.b;
    return [
      { name: peftName(place, "A"), shape: [rank, nIn], data: a },
      { name: peftName(place, "B"), shape: [nOut, rank], data: b },
    ];
  });
  const files = { config: join(out, PEFT_FILES.config), weights: join(out, PEFT_FILES.weights) };
  await orFileError(mkdir(out, { recursive: true }), out);
  await writeText(files.weights, safetensorsBytes(tensors));
  await writeText(files.config, JSON.stringify(configOf(placed, options), null, 2) + "\n");
  return files;
}

function placeOf({ weight }: LoraMatrix, path: string): Place {
  const place = placeOfGguf(weight);
  if (place !== undefined) return place;
  throw new HarmonicError("E_MODEL", `the adapter ${path} changes ${weight}, which cannot be exported`, {
    hint: "train an adapter of q, k, v, o, gate, up and down only",
  });
}

function unpermuted(matrix: LoraMatrix, { module }: Place, { heads, path }: ExportPeftOptions): Float32Array {
  if (module.target !== "q" && module.target !== "k") return matrix.b;
  if (heads === undefined) {
    throw new HarmonicError("E_USAGE", `the heads of the base of ${path} are not known`, {
      hint: "give its base model, a GGUF or a Hugging Face folder, with --base",
    });
  }
  const nHeads = module.target === "q" ? heads.nHeads : heads.nHeadsKv;
  if (!(nHeads >= 1) || matrix.nOut % (2 * nHeads) !== 0) {
    throw new HarmonicError(
      "E_MODEL",
      `the adapter ${path} was made for another base model: ${matrix.weight} has ${matrix.nOut} rows, ` +
        `which ${nHeads} heads do not share evenly`,
      { hint: "give the base model that the adapter was trained on" },
    );
  }
  return permuteRows(matrix.b, matrix.rank, nHeads, "to-hugging-face");
}

function configOf(
  placed: { matrix: LoraMatrix; place: Place }[],
  { lora, nLayers, baseName }: ExportPeftOptions,
): Record<string, unknown> {
  const { rank } = placed[0]!.matrix;
  // No alpha means no scale in GGUF.
  const alphaOf = (matrix: LoraMatrix): number => (lora.alpha === 0 ? matrix.rank : lora.alpha);
  const alpha = alphaOf(placed[0]!.matrix);
  const others = <T>(differs: (matrix: LoraMatrix) => boolean, value: (matrix: LoraMatrix) => T) =>
    Object.fromEntries(
      placed
        .filter(({ matrix }) => differs(matrix))
        .map(({ matrix, place }) => [moduleName(place), value(matrix)]),
    );
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    base_model_name_or_path: baseName ?? null,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    rank_pattern: others(
      (matrix) => matrix.rank !== rank,
      (matrix) => matrix.rank,
    ),
    alpha_pattern: others((matrix) => alphaOf(matrix) !== alpha, alphaOf),
    target_modules: targetModules(
      placed.map(({ place }) => place),
      nLayers,
    ),
    lora_dropout: 0,
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    use_rslora: false,
    use_dora: false,
  };
}

/** Short names where every layer has the same modules, else each module by its path. */
function targetModules(places: Place[], nLayers: number | undefined): string[] {
  const layers = nLayers ?? 1 + places.reduce((last, { layer }) => Math.max(last, layer), 0);
  const modules = new Set(places.map(({ module }) => module));
  if (places.length !== layers * modules.size) return places.map(moduleName);
  return [...modules].map(({ huggingFace }) => huggingFace.split(".")[1]!);
}
