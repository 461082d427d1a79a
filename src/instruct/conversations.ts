import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import type { RowFormat } from "./format";
import { inOrderOf, modelOrder } from "./order";
import { promptWriter, rowWriter } from "./row";

export interface ConversationOptions {
  /** what the rows are about */
  description: string;
  k: number;
}

/**
 * The groups as conversations, one JSON line each: the human asks with a prompt of all rows of the group but the
 * last, the assistant answers with the last. Spaces stand as Python's json module puts them, as in the original's
 * files; other than ASCII is written as it is.
 */
export function* conversationLines(
  columns: readonly Column[],
  schema: TableSchema,
  format: RowFormat,
  groups: Iterable<Int32Array>,
  options: ConversationOptions,
): Generator<string> {
  const ordered = modelOrder(schema, format);
  const row = rowWriter(ordered, format, inOrderOf(ordered, columns));
  const prompt = promptWriter(ordered, format, options, row);
  let id = 0;
  for (const group of groups) {
    const human = JSON.stringify(prompt(group));
    const assistant = JSON.stringify(row(group[group.length - 1]!));
    yield (
      `{"id": "${++id}", "conversations": [{"from": "human", "value": ${human}}, ` +
      `{"from": "assistant", "value": ${assistant}}]}\n`
    );
  }
}
