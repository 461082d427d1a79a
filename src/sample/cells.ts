import type { RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import type { Column } from "../table/columns";
import { formatScaled } from "../table/number";
import { type Field, isNumberField } from "../table/schema";

/** Digits that a number cell prints after the point, at least: all its decimals where the format fixes them. */
export function printedDecimals(field: Field, format: RowFormat): number {
  if (!isNumberField(field)) return 0;
  const { decimals, minDecimals } = field.numberFormat;
  return format.numbers === "fixed" ? decimals : minDecimals;
}

/** The token ids of a column's cells: categories and missing cells whole, numbers character by character. */
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
  const minDecimals = printedDecimals(field, format);
  return (i) => {
    const scaled = column.scaled[i]!;
    if (Number.isNaN(scaled)) return missing;
    return tokenizer.encodeCharacters(formatScaled(scaled, column.decimals, minDecimals));
  };
}
