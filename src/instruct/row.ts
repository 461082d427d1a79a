import type { Column } from "../table/columns";
import { formatScaled } from "../table/number";
import { isNumberField, type TableSchema } from "../table/schema";
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
    for (let f = 0; f < cells.length; f++) row += cells[f]!(i) + literals[f + 1]!;
    return row;
  };
}

function cellWriter(
  field: TableSchema["fields"][number],
  format: RowFormat,
  column: Column,
): (i: number) => string {
  if (column.kind === "category") {
    const texts = column.values.map((value) => format.category(field, value));
    return (i) => texts[column.codes[i]!] ?? format.missing;
  }
  const { decimals } = column;
  const minDecimals =
    format.numbers === "written" && isNumberField(field) ? field.numberFormat.minDecimals : decimals;
  return (i) => {
    const scaled = column.scaled[i]!;
    return Number.isNaN(scaled) ? format.missing : formatScaled(scaled, decimals, minDecimals);
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
