import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { cellWriter } from "./cell";
import type { RowFormat } from "./format";

/** Writes row i of a table in a format: what the model reads, and what its tokens are made of. */
export function rowWriter(
  schema: TableSchema,
  format: RowFormat,
  columns: readonly Column[],
): (i: number) => string {
  const literals = format.rowLiterals(schema);
  const cells = schema.fields.map((field, f) => cellWriter(field, format, columns[f]!));
  return (i) => {
    let row = literals[0]!;
    for (let f = 0; f < cells.length; f++) row += (cells[f]!(i) ?? format.missing) + literals[f + 1]!;
    return row;
  };
}

/** The prompt of a group without its answer: examples (in order), then the cue. */
export function promptWriter(
  schema: TableSchema,
  format: RowFormat,
  options: { description: string; k: number },
  row: (i: number) => string,
): (examples: ArrayLike<number>) => string {
  const { head, before, after, cue } = format.prompt(schema, options);
  return (examples) => {
    let prompt = head;
    for (let e = 0; e < options.k; e++) prompt += before[e]! + row(examples[e]!) + after[e]!;
    return prompt + cue;
  };
}
