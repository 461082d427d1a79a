import { isCategoryField, isNumberField, type Field, type TableSchema } from "../../src/table/schema";

/** A row as a peer wrote it: column -> text. */
export type Row = Record<string, string>;

/** Whether each cell is what the schema allows, by its list of values or its range and digits; shares nothing with the decoder. */
export function isValid(row: Row | undefined, { fields }: TableSchema): boolean {
  return row !== undefined && fields.every((field) => isValidCell(row[field.name], field));
}

function isValidCell(text: string | undefined, field: Field): boolean {
  if (text === undefined) return false;
  if (text === "") return !field.constraints.required;
  if (isCategoryField(field)) return field.constraints.enum.includes(text);
  if (!isNumberField(field)) return false;
  const { minimum, maximum } = field.constraints;
  // No digit behind the column's last decimal; "32.0" is the integer 32.
  const match = /^-?(?:0|[1-9][0-9]*)(?:\.([0-9]+?)0*)?$/.exec(text);
  const decimals = match?.[1] === "0" ? 0 : (match?.[1]?.length ?? 0);
  return (
    match !== null &&
    decimals <= field.numberFormat.decimals &&
    Number(text) >= minimum &&
    Number(text) <= maximum
  );
}

/** The cells of a JSON object; undefined where the text is none. */
export function rowOfJson(text: string): Row | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, String(value ?? "")]));
  } catch {
    return undefined;
  }
}

/** The cells of a compact row whose delimiter stands in no value, as in the tables here. */
export function rowOfCompact(text: string, names: readonly string[], delimiter: string): Row | undefined {
  const cells = text.replace(/\n$/, "").split(delimiter);
  return cells.length === names.length
    ? Object.fromEntries(cells.map((cell, c) => [names[c]!, cell]))
    : undefined;
}
