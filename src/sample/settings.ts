import { z } from "zod";
import { modelSettings, parseSettings } from "../settings";

/** What decides the rows drawn, beside base model, adapter and data. Defaults in brackets. */
const sampleSettingsSchema = z.strictObject({
  /** rows to draw */
  rows: z.int().min(1),
  /** logits are divided by it; 1 samples the model's own distribution, 0 takes the likeliest [1] */
  temperature: z.number().min(0).max(100).default(1),
  /** of single columns, by name, in place of the general one [none] */
  temperatures: z.record(z.string(), z.number().min(0).max(100)).default({}),
  /** draws among the likeliest tokens that together have this share of the probability [1: all] */
  topP: z.number().gt(0).max(1).default(1),
  /** leaves out tokens less likely than this share of the likeliest one [0: none] */
  minP: z.number().min(0).max(1).default(0),
  /**
   * example rows before the row to draw: the nearest neighbours of a random row (as in training), random rows (as the
   * original samples), or none [anchor]
   */
  prompt: z.enum(["anchor", "random", "none"]).default("anchor"),
  /** rows drawn after each prompt; more is faster and less diverse [1] */
  rowsPerPrompt: z.int().min(1).max(256).default(1),
  /** rows decoded in lock-step; default by the memory that they take, see sequences.ts */
  nSequences: z.int().min(1).max(4096).optional(),
  /**
   * what evaluates the model: llama.cpp, our graph over 8-bit weights, ours for small F32 models, ours of a device's
   * operations, or the fastest here [auto]
   */
  engine: z.enum(["auto", "dense", "device", "graph", "llama"]).default("auto"),
  /**
   * whether rows may equal a row trained on; else they are drawn again. Absent: they may where a tenth of the rows trained
   * on repeat others, for there an equal row tells of nobody.
   */
  allowCopies: z.boolean().optional(),
  /**
   * least distance to the nearest row trained on, in preprocess's encoding, in which a column that differs wholly
   * counts 1; nearer rows are drawn again [0]
   */
  minDistance: z.number().min(0).default(0),
  /** draws of one row before sampling stops with an error; see redraw.ts [100] */
  attempts: z.int().min(1).max(10000).default(100),
  /** keeps with each row what the model thought of it; see explain.ts [false] */
  explain: z.boolean().default(false),
  /**
   * rows that are drawn, kept and yielded together; rows depend on (seed, number of the group, row in it) [256; 1024 with
   * the engine dense; 4096 of a table model with the engine device]
   */
  groupRows: z.int().min(1).max(65536).optional(),
  ...modelSettings,
});

export type SampleSettings = z.output<typeof sampleSettingsSchema>;
export type SampleSettingsInput = z.input<typeof sampleSettingsSchema>;
/** All but how many. */
export type DrawSettings = Omit<SampleSettings, "rows">;
export type DrawSettingsInput = Omit<SampleSettingsInput, "rows"> & { rows?: number };

/** @throws E_USAGE naming the first setting that is wrong and what was expected */
export function parseSampleSettings(input: SampleSettingsInput): SampleSettings {
  return parseSettings(sampleSettingsSchema, input, "sample");
}
