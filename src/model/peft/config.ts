import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HarmonicError } from "../../errors";
import { fileError } from "../../file-error";

/** Names of the files in a PEFT adapter's folder. */
export const PEFT_FILES = { config: "adapter_config.json", weights: "adapter_model.safetensors" } as const;

/** What of adapter_config.json decides what a LoRA computes. */
const configSchema = z.looseObject({
  peft_type: z.string(),
  r: z.int().min(1),
  lora_alpha: z.number(),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  /** other ranks and alphas, by a regular expression of the module's name */
  rank_pattern: z.record(z.string(), z.int()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
});

export type PeftConfig = z.infer<typeof configSchema>;

/** @throws E_MODEL where the file is missing or describes no LoRA that GGUF can hold */
export async function readPeftConfig(path: string): Promise<PeftConfig> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw fileError(cause, path);
    throw new HarmonicError("E_MODEL", `${path} is not JSON: ${cause.message}`, { cause });
  }
  const kind = (json as { peft_type?: unknown } | null)?.peft_type;
  if (typeof kind === "string" && kind !== "LORA") {
    throw new HarmonicError("E_MODEL", `${path}: expected \`peft_type\` LORA but it is ${kind}`, {
      hint: "only LoRA adapters can be used",
    });
  }
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new HarmonicError("E_MODEL", `${path}: \`${issue?.path.join(".")}\`: ${issue?.message}`, {
      hint: "give a LoRA adapter that PEFT saved",
    });
  }
  if (parsed.data.use_dora === true) {
    throw new HarmonicError("E_MODEL", `${path}: the adapter is a DoRA (\`use_dora\`), not a plain LoRA`, {
      hint: "train with use_dora=False, or merge it into its base with PEFT",
    });
  }
  return parsed.data;
}

/**
 * The alpha of a module in GGUF's terms, where B A is multiplied by alpha / rank: PEFT multiplies a rank-stabilised
 * LoRA by alpha / sqrt(rank).
 */
export function alphaOf(config: PeftConfig, module: string, rank: number): number {
  const { alpha_pattern: patterns, lora_alpha: alpha, use_rslora: rankStabilised } = config;
  // As PEFT looks them up.
  const key = Object.keys(patterns ?? {}).find((each) => new RegExp(`^(.*\\.)?(${each})$`).test(module));
  return (key === undefined ? alpha : patterns![key]!) * (rankStabilised === true ? Math.sqrt(rank) : 1);
}
