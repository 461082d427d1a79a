import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { modelPrompt } from "../instruct/chat";
import type { RowFormat } from "../instruct/format";
import { inOrderOf, modelOrder } from "../instruct/order";
import { promptWriter, rowWriter } from "../instruct/row";
import { throwIfAborted } from "../progress";
import { replaceFile } from "../run/atomic";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";

/** Formats of other programs for the same prompts and answers. */
export const EXPORTS = ["sharegpt", "trl"] as const;
export type ExportName = (typeof EXPORTS)[number];

export interface ExportData {
  columns: readonly Column[];
  schema: TableSchema;
  format: RowFormat;
  /** rows of each group, the row to generate last */
  groups: Iterable<Int32Array>;
  description: string;
  k: number;
}

/** One prompt and its answer as a line of JSON. */
type Line = (prompt: string, answer: string) => unknown;

const LINES: Record<ExportName, Line> = {
  // The names of the speakers that LLaMA-Factory, axolotl and others expect.
  sharegpt: (prompt, answer) => ({
    conversations: [
      { from: "human", value: prompt },
      { from: "gpt", value: answer },
    ],
  }),
  // Plain text, so that no chat template comes between: what the sampler will give the model, to the letter. TRL adds
  // the end-of-sequence token and learns the completion alone.
  trl: (prompt, completion) => ({ prompt, completion }),
};

/** The groups as lines of JSON, for training with another program. */
export function* exportLines(name: ExportName, data: ExportData): Generator<string> {
  const { format, groups } = data;
  const schema = modelOrder(data.schema, format);
  const columns = inOrderOf(schema, data.columns);
  const row = rowWriter(schema, format, columns);
  const asRead: RowFormat = { ...format, prompt: (...given) => modelPrompt(format, ...given) };
  const prompt = promptWriter(schema, name === "trl" ? asRead : format, data, row);
  for (const group of groups) {
    yield JSON.stringify(LINES[name](prompt(group), row(group[group.length - 1]!))) + "\n";
  }
}

/** Writes the lines into a file that appears whole. @throws E_IO, E_ABORTED */
export async function writeExport(
  path: string,
  name: ExportName,
  data: ExportData,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await replaceFile(path, (partial) =>
      pipeline(Readable.from(exportLines(name, data)), createWriteStream(partial), { signal }),
    );
  } catch (cause) {
    throwIfAborted(signal, "preprocess");
    throw cause;
  }
}
