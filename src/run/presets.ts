import type { PreprocessSettings } from "./stages/preprocess";
import type { TrainStageSettings } from "./stages/train";

/** Settings that go together, by name. What is given beside a preset wins over it. */
export const PRESETS = {
  /** HARMONIC's own (Wang et al., 2024, and the scripts published with it) */
  "harmonic-paper": {
    preprocess: { format: "dict", k: 5 },
    train: {
      rank: 16,
      alpha: 32,
      dropout: 0.05,
      learningRate: 3e-4,
      weightDecay: 1e-5,
      schedule: "cosine",
      warmup: 0.01,
      batch: 16,
      epochs: 1,
      groups: "knn",
      loss: "last",
      vocabulary: "full",
    },
  },
} as const satisfies Record<string, { preprocess: PreprocessSettings; train: TrainStageSettings }>;

export type PresetName = keyof typeof PRESETS;

/** The settings of a stage: those given, over those of the preset. */
export function withPreset<T extends object>(
  preset: PresetName | undefined,
  stage: "preprocess" | "train",
  given: T | undefined,
): T {
  return { ...(preset && PRESETS[preset][stage]), ...given } as T;
}
