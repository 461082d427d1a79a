import { availableParallelism } from "node:os";
import { z } from "zod";
import { HarmonicError } from "../errors";

/** What decides the rows drawn, beside base model, adapter and data. Defaults in brackets. */
export const sampleSettingsSchema = z.strictObject({
  /** rows to draw */
  rows: z.int().min(1),
  /** logits are divided by it; 1 samples the model's own distribution, 0 takes the likeliest [1] */
  temperature: z.number().min(0).max(100).default(1),
  /**
   * example rows before the row to draw: the nearest neighbours of a random row (as in training), random rows (as the
   * original samples), or none [anchor]
   */
  prompt: z.enum(["anchor", "random", "none"]).default("anchor"),
  /** rows drawn after each prompt; more is faster and less diverse [1] */
  rowsPerPrompt: z.int().min(1).max(256).default(1),
  /** rows decoded in lock-step; default by the memory that they take, see defaultSequences */
  nSequences: z.int().min(1).max(256).optional(),
  /** what evaluates the model: llama.cpp, our own graph over 8-bit weights, or whichever is faster here [auto] */
  engine: z.enum(["auto", "graph", "llama"]).default("auto"),
  seed: z.int().min(0).default(0),
  threads: z
    .int()
    .min(1)
    .default(() => availableParallelism()),
});

export type SampleSettings = z.output<typeof sampleSettingsSchema>;
export type SampleSettingsInput = z.input<typeof sampleSettingsSchema>;

/** @throws E_USAGE naming the first setting that is wrong and what was expected */
export function parseSampleSettings(input: SampleSettingsInput): SampleSettings {
  const result = sampleSettingsSchema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = issue.path.join(".") || "the sampling settings";
  throw new HarmonicError("E_USAGE", `\`${name}\`: ${issue.message}`, {
    hint: "see: harmonic sample --help",
  });
}
