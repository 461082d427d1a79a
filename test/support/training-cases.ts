import { existsSync } from "node:fs";
import { join } from "node:path";
import { mergeAdapter } from "../../src/model/merge";
import { findModel } from "../../src/model/registry";
import { modelCache } from "../../src/model/cache";
import { loadAddon } from "../../src/native/load";
import type { TrainerHandle, WeightType } from "../../src/native/addon";
import { makeProblem, type TrainingProblem } from "./training-problem";
import { writeFullAdapter } from "./full-adapter";
import { writeTinyGguf } from "./tiny-gguf";
import { tinyTrainer } from "./tiny-training";

const TABLE = join(__dirname, "../../examples/diabetes.csv");
const SMOLLM = "smollm2-135m";

/** A base model and what is learnt on it, computed by PyTorch with PEFT and by our trainer. */
export interface TrainingCase {
  name: string;
  /** a real model: few entries of each matrix's gradient are kept, and a step takes seconds */
  large: boolean;
  /** the model in `folder`, written there where it is a made-up one; undefined where it is not on this machine */
  base: (folder: string) => Promise<string | undefined>;
  problem: (base: string) => Promise<TrainingProblem>;
}

const OPTIMISER = { alpha: 16, weightDecay: 0.01, clip: 1, steps: 50 };

const tiny = (architecture: string, loss: "full" | "allowed", type?: "q4_0"): TrainingCase => ({
  name: [architecture, loss, ...(type ? [type] : [])].join("-"),
  large: false,
  base: async (folder) => {
    const path = join(folder, `${architecture}.gguf`);
    writeTinyGguf(path, { architecture });
    if (type === undefined) return path;
    const quantised = join(folder, `${architecture}-${type}.gguf`);
    const none = join(folder, "none.gguf");
    writeFullAdapter(none, { architecture }, { size: 0 });
    await mergeAdapter({ base: path, adapter: none, out: quantised, type });
    return quantised;
  },
  problem: (base) =>
    makeProblem({
      ...{ base, table: TABLE, target: "Outcome", loss, rowsPerGroup: 3, groupsPerBatch: 2, nBatches: 3 },
      optimiser: { ...OPTIMISER, rank: 8, learningRate: 1e-3 },
    }),
});

const smollm = (loss: "full" | "allowed"): TrainingCase => ({
  name: `${SMOLLM}-${loss}`,
  large: true,
  base: async () => {
    const path = join(modelCache(), findModel(SMOLLM)!.file);
    return existsSync(path) ? path : undefined;
  },
  problem: (base) =>
    makeProblem({
      ...{ base, table: TABLE, target: "Outcome", loss, rowsPerGroup: 3, groupsPerBatch: 1, nBatches: 5 },
      optimiser: { ...OPTIMISER, rank: 16, learningRate: 1e-3 },
    }),
});

export const TRAINING_CASES = [
  tiny("llama", "full"),
  tiny("llama", "allowed"),
  tiny("qwen2", "allowed"),
  tiny("qwen3", "allowed"),
  tiny("llama", "allowed", "q4_0"),
  smollm("allowed"),
];

/** Our trainer for a problem; the adapter is as it starts. */
export function openProblem(
  base: string,
  problem: TrainingProblem,
  weights: WeightType,
): Promise<TrainerHandle> {
  const { rank, alpha, vocabulary, allowedSets } = problem;
  return loadAddon().openTrainer(
    tinyTrainer(base, {
      ...{ rank, alpha, weights },
      vocabulary: Int32Array.from(vocabulary),
      allowedSets: Uint8Array.from(allowedSets.join(""), Number),
    }),
  );
}
