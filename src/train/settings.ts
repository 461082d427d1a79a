import { z } from "zod";
import { modelSettings, parseSettings } from "../settings";
import { tableSettingsShape } from "./table-settings-shape";

/** What decides the trained adapter, beside base model and data. Defaults in brackets. */
const trainSettingsSchema = z.strictObject({
  /** a LoRA adapter of the base, or all weights of a small base, for a model of its own [adapter] */
  train: z.enum(["adapter", "all"]).default("adapter"),
  /** low-rank dimension [16]; multiples of 16 are fastest */
  rank: z.int().min(1).max(1024).default(16),
  /** the adapter's product is scaled by alpha / rank [32] */
  alpha: z.number().positive().default(32),
  /** scale it by alpha / sqrt(rank) instead (rsLoRA, Kalajdzievski, 2023), so that high ranks learn as fast [false] */
  rslora: z.boolean().default(false),
  /** share of its inputs that an adapted matrix does not see in training, the others scaled up for it [0] */
  dropout: z.number().min(0).lt(1).default(0),
  targets: z
    .array(z.enum(["q", "k", "v", "o", "gate", "up", "down"]))
    .min(1)
    .default(["q", "k", "v", "o", "gate", "up", "down"]),
  /** passes over the table; absent: from the number of rows, see defaultEpochs */
  epochs: z.number().positive().max(10000).optional(),
  /** groups a step [2] */
  batch: z.int().min(1).default(2),
  learningRate: z.number().positive().max(1).default(1e-3),
  schedule: z.enum(["cosine", "linear", "constant"]).default("cosine"),
  /** share of the steps over which the learning rate rises from 0 [0.05] */
  warmup: z.number().min(0).max(1).default(0.05),
  weightDecay: z.number().min(0).default(0),
  /** largest norm of the gradient, 0: unlimited [1] */
  clip: z.number().min(0).default(1),
  /** what rows share a prompt: each row's nearest neighbours, or a random partition of the table [partition] */
  groups: z.enum(["knn", "partition"]).default("partition"),
  /** times that a row may be an example in an epoch of knn groups; absent: any */
  maxUses: z.int().min(1).optional(),
  /** share of the groups whose columns are in a random order, so that rows can be drawn in any order [0] */
  permute: z.number().min(0).max(1).default(0),
  /** rows of a group that carry loss: only the last, as the paper does, or every one [all] */
  loss: z.enum(["last", "all"]).default("all"),
  /** the softmax runs over the tokens that the decoder may choose, or over the full vocabulary [allowed] */
  vocabulary: z.enum(["allowed", "full"]).default("allowed"),
  /** type that the frozen weights are held in while training; auto: int8 where that is fast, else bf16 [auto] */
  weights: z.enum(["auto", "int8", "bf16", "f16", "f32"]).default("auto"),
  /** tokens computed at a time; memory grows with it [512] */
  microBatchTokens: z.int().min(16).default(512),
  /**
   * steps between looks at the holdout, of which the best adapter is kept, 0: none; absent: none, or about ten looks
   * where there is a patience. The likeliest adapter is not the best sampler of a small table, and a holdout that has
   * chosen is no yardstick of privacy any more.
   */
  validateEvery: z.int().min(0).optional(),
  /** looks at the holdout without a better one before training ends early; absent: it goes on to the end */
  patience: z.int().min(1).optional(),
  /** of table models alone, whose settings absent here are chosen by the table: see table-settings.ts */
  ...tableSettingsShape,
  ...modelSettings,
});

export type TrainSettings = z.output<typeof trainSettingsSchema>;
export type TrainSettingsInput = z.input<typeof trainSettingsSchema>;

/** @throws E_USAGE naming the first setting that is wrong and what was expected */
export function parseTrainSettings(input: TrainSettingsInput): TrainSettings {
  return parseSettings(trainSettingsSchema, input, "train");
}

/**
 * Epochs where none are asked for: small tables need several passes (the likelihood of held-out rows is best after about
 * eight on 491 rows), large ones are learnt in one.
 */
export function defaultEpochs(nRows: number): number {
  return Math.min(8, Math.max(1, Math.round(4000 / nRows)));
}

/** The alpha whose alpha / rank, the scale that every reader of a GGUF adapter applies, is the one asked for. */
export function adapterAlpha({
  alpha,
  rank,
  rslora,
}: Pick<TrainSettings, "alpha" | "rank" | "rslora">): number {
  return rslora ? alpha * Math.sqrt(rank) : alpha;
}
