import { existsSync } from "node:fs";
import { join } from "node:path";
import { HarmonicError } from "../../errors";
import type { ModelInfo } from "../../native/addon";
import type { Lora, LoraMatrix } from "../lora";
import { readSafetensors, type SafeTensor } from "../safetensors";
import { alphaOf, PEFT_FILES, readPeftConfig, type PeftConfig } from "./config";
import { ggufName, isPermuted, moduleName, MODULES, permuteRows, placeOfPeft, type Place } from "./names";

/** What of its base an adapter's conversion depends on. */
export type BaseShape = Pick<ModelInfo, "architecture" | "nHeads" | "nHeadsKv">;

/**
 * Reads a folder that PEFT saved (adapter_config.json, adapter_model.safetensors) as an adapter of a GGUF base.
 * @throws E_MODEL where it is no plain LoRA of the base's matrices
 */
export async function importPeft(directory: string, base: BaseShape): Promise<Lora> {
  const config = await readPeftConfig(join(directory, PEFT_FILES.config));
  const path = join(directory, PEFT_FILES.weights);
  if (!existsSync(path)) {
    throw new HarmonicError("E_MODEL", `${directory} has no ${PEFT_FILES.weights}`, {
      hint: "save the adapter with PEFT's save_pretrained (safe_serialization=True, its default)",
    });
  }
  const permuted = isPermuted(base.architecture, `the base model of ${directory}`);
  const pairs = pairsOf(await readSafetensors(path), path);
  const matrices = pairs.map(({ place, a, b }) => matrixOf(place, a, b, path));
  if (permuted) for (const [i, { place }] of pairs.entries()) permute(matrices[i]!, place, base, path);
  return { ...withOneAlpha(matrices, pairs, config), architecture: base.architecture, notes: {} };
}

interface Pair {
  place: Place;
  a: SafeTensor;
  b: SafeTensor;
}

/** The A and B of each module, in the order of layers and modules. */
function pairsOf(tensors: SafeTensor[], path: string): Pair[] {
  const found = new Map<string, { place: Place; A?: SafeTensor; B?: SafeTensor }>();
  for (const tensor of tensors) {
    const named = placeOfPeft(tensor.name);
    if (named === undefined) {
      throw new HarmonicError(
        "E_MODEL",
        `${path} holds ${tensor.name}, which an adapter in GGUF cannot have`,
        {
          hint: `train LoRA on ${MODULES.map(({ huggingFace }) => huggingFace.split(".")[1]).join(", ")} only, without bias`,
        },
      );
    }
    const { side, ...place } = named;
    const key = moduleName(place);
    found.set(key, { ...(found.get(key) ?? { place }), [side]: tensor });
  }
  if (found.size === 0) throw new HarmonicError("E_MODEL", `${path} holds no tensors`);
  const rank = ({ layer, module }: Place): number => layer * MODULES.length + MODULES.indexOf(module);
  return [...found.values()]
    .sort((x, y) => rank(x.place) - rank(y.place))
    .map(({ place, A: a, B: b }) => {
      if (a && b) return { place, a, b };
      throw new HarmonicError(
        "E_MODEL",
        `${path} has only one of lora_A and lora_B of ${moduleName(place)}`,
        {
          hint: "save or fetch the adapter again",
        },
      );
    });
}

function matrixOf(place: Place, a: SafeTensor, b: SafeTensor, path: string): LoraMatrix {
  const [rank = 0, nIn = 0] = a.shape;
  const [nOut = 0, width = 0] = b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || rank !== width || rank === 0) {
    throw new HarmonicError(
      "E_MODEL",
      `${path}: expected lora_A (r, n) and lora_B (m, r) of ${moduleName(place)} but they are ` +
        `(${a.shape.join(", ")}) and (${b.shape.join(", ")})`,
      { hint: "save or fetch the adapter again" },
    );
  }
  return { weight: ggufName(place), rank, nIn, nOut, a: a.data, b: b.data };
}

function permute(matrix: LoraMatrix, { module }: Place, base: BaseShape, path: string): void {
  if (module.target !== "q" && module.target !== "k") return;
  const nHeads = module.target === "q" ? base.nHeads : base.nHeadsKv;
  if (matrix.nOut % (2 * nHeads) !== 0) {
    throw new HarmonicError(
      "E_MODEL",
      `${path} was made for another base model: ${matrix.weight} has ${matrix.nOut} rows there, ` +
        `which ${nHeads} heads do not share evenly`,
      { hint: "give the base model that the adapter was trained on" },
    );
  }
  matrix.b = permuteRows(matrix.b, matrix.rank, nHeads, "to-gguf");
}

/** GGUF has one alpha, and alpha / rank as the scale: what a module has beside it goes into its B. */
function withOneAlpha(
  matrices: LoraMatrix[],
  pairs: Pair[],
  config: PeftConfig,
): Pick<Lora, "alpha" | "matrices"> {
  const alphas = matrices.map(({ rank }, i) => alphaOf(config, moduleName(pairs[i]!.place), rank));
  // Zero would mean "no scale" in GGUF.
  const alpha = alphas.find((each) => each !== 0) ?? 1;
  return {
    alpha,
    matrices: matrices.map((matrix, i) => {
      const factor = alphas[i]! / alpha;
      return factor === 1 ? matrix : { ...matrix, b: matrix.b.map((x) => x * factor) };
    }),
  };
}
