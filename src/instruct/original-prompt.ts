import { taskOf } from "../table/infer";
import type { TableSchema } from "../table/schema";
import type { PromptOptions, PromptParts } from "./format";
import { numberWord } from "./words";

/**
 * A prompt in the original method's wording: what the rows are, "in JSON format" for instance, then numbered examples,
 * each with `after` behind it.
 */
export function originalPrompt(
  schema: TableSchema,
  options: PromptOptions,
  rowsAre: string,
  after: string,
): PromptParts {
  return {
    head: preamble(schema, options, rowsAre),
    before: Array.from({ length: options.k }, (_, i) => `Example ${numberWord(i + 1)}: `),
    after: Array.from({ length: options.k }, () => after),
    cue: "Generate one sample: ",
    tail: "",
    endOfSequence: true,
  };
}

function preamble(schema: TableSchema, { description, k }: PromptOptions, rowsAre: string): string {
  const about = description === "" ? "" : ` about ${description}`;
  const nFeatures = schema.fields.length - (schema.target === undefined ? 0 : 1);
  const features = `each containing ${nFeatures} columns of features`;
  const label =
    schema.target === undefined
      ? ""
      : ` and 1 column of labels, where the ${schema.target} column is a ${labelKind(schema)} label`;
  return (
    `Here are ${k} tabular data${about}, ${features}${label}. I will transmit the data to you in ${rowsAre} format. ` +
    `Please generate an approximate sample based on these ${k} examples.\n`
  );
}

function labelKind(schema: TableSchema): string {
  if (taskOf(schema) === "regression") return "regression";
  const field = schema.fields.find(({ name }) => name === schema.target);
  const nClasses = field && "enum" in field.constraints ? field.constraints.enum.length : 0;
  return nClasses === 2 ? "binary classification" : "multi classification";
}
