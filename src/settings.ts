import { availableParallelism } from "node:os";
import { z } from "zod";
import { DEVICES } from "./devices/kinds";
import { HarmonicError } from "./errors";

/** Settings of every stage that computes with a model. */
export const modelSettings = {
  seed: z.int().min(0).default(0),
  /** what the model is computed on; auto: the fastest that works here [auto] */
  device: z.enum(DEVICES).default("auto"),
  threads: z
    .int()
    .min(1)
    .default(() => availableParallelism()),
};

/**
 * The settings of a stage, whose command is named so, with defaults for those that are absent.
 * @throws E_USAGE naming the first setting that is wrong and what was expected
 */
export function parseSettings<S extends z.ZodType>(schema: S, input: z.input<S>, stage: string): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = issue.path.join(".") || `the settings of ${stage}`;
  throw new HarmonicError("E_USAGE", `\`${name}\`: ${issue.message}`, {
    hint: `see: harmonic ${stage} --help`,
  });
}
