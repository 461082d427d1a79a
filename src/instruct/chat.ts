import type { PromptOptions, PromptParts, RowFormat } from "./format";
import type { TableSchema } from "../table/schema";

/**
 * The prompt as the model reads it, in training and in sampling alike: formats that put a question to the model are
 * wrapped as the original wraps them (`Human: ... Assistant: ...`); those whose rows simply go on are left bare.
 */
export function modelPrompt(format: RowFormat, schema: TableSchema, options: PromptOptions): PromptParts {
  const parts = format.prompt(schema, options);
  if (!parts.endOfSequence) return parts;
  return { ...parts, head: `Human: \n${parts.head}`, cue: `${parts.cue}\n\nAssistant: \n` };
}
