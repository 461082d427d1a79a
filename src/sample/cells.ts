import { cellWriter } from "../instruct/cell";
import type { RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import type { Column } from "../table/columns";
import type { Field } from "../table/schema";

/**
 * The token ids of a column's cells: categories and missing cells whole, numbers and dates character by character, texts
 * by the pieces of their column (src/sample/text-pieces.ts).
 */
export function cellEncoder(
  field: Field,
  format: RowFormat,
  tokenizer: Tokenizer,
  column: Column,
): (i: number) => readonly number[] {
  const missing = tokenizer.encode(format.missing);
  if (column.kind === "category") {
    const texts = tokenizer.encodeAll(column.values.map((value) => format.category(field, value)));
    return (i) => texts[column.codes[i]!] ?? missing;
  }
  if (column.kind === "text") {
    const pieces = tokenizer.piecesOf(field.name);
    return (i) => {
      const text = column.values[i]!;
      return text === null ? missing : pieces.encode(text);
    };
  }
  const write = cellWriter(field, format, column);
  return (i) => {
    const text = write(i);
    return text === undefined ? missing : tokenizer.encodeCharacters(text);
  };
}
