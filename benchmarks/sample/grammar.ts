import type { RowFormat } from "../../src/instruct/format";
import {
  isCategoryField,
  isNumberField,
  type Field,
  type NumberField,
  type TableSchema,
} from "../../src/table/schema";
import { wholeNumbers } from "./whole-numbers";

/** A list of more would be longer than what it describes. */
const MOST_NUMBERS = 200;

/**
 * What a user would give the peers, made from the schema with nothing of our decoder: a JSON schema of the row, and a GBNF
 * grammar of the compact row. Numbers are texts in the JSON, as the dict format writes them. `patterns`: with a pattern of
 * their digits, which holds those before the point exactly; else, for a library that knows no patterns, one of all integers
 * of the column's range where they are few, or of no more characters than its numbers take.
 */
export function jsonSchema({ fields }: TableSchema, patterns: boolean): object {
  const properties = Object.fromEntries(
    fields.map((field) => [
      field.name,
      isNumberField(field) ? numberSchema(field, patterns) : { enum: textsOf(field) },
    ]),
  );
  const required = fields.map(({ name }) => name);
  return { type: "object", properties, required, additionalProperties: false };
}

function numberSchema(field: NumberField, patterns: boolean): object {
  const { minimum, maximum, required } = field.constraints;
  const { decimals } = field.numberFormat;
  if (!patterns && decimals === 0 && maximum - minimum < MOST_NUMBERS) {
    const numbers = Array.from({ length: maximum - minimum + 1 }, (_, i) => String(minimum + i));
    return { enum: required ? numbers : [...numbers, ""] };
  }
  if (!patterns) {
    const whole = Math.max(...[minimum, maximum].map((bound) => String(Math.trunc(bound)).length));
    return { type: "string", maxLength: whole + (decimals > 0 ? decimals + 1 : 0) };
  }
  const fraction = decimals > 0 ? `(\\.[0-9]{1,${decimals}})?` : "";
  const number = `(${wholeNumbers(Math.floor(minimum), Math.floor(maximum))})${fraction}`;
  return { type: "string", pattern: `^${required ? number : `(${number})?`}$` };
}

export function compactGrammar(schema: TableSchema, format: RowFormat): string {
  const literals = format.rowLiterals(schema).map((text) => (text === "" ? "" : quote(text)));
  const cells = schema.fields.map((_, f) => `cell${f}`);
  const root = literals.flatMap((literal, i) => [literal, cells[i] ?? ""]).filter((part) => part !== "");
  const rules = schema.fields.map((field, f) => `cell${f} ::= ${compactCell(field, format)}`);
  return [`root ::= ${root.join(" ")}`, ...rules].join("\n");
}

function compactCell(field: Field, format: RowFormat): string {
  if (!isNumberField(field)) {
    return textsOf(field)
      .map((text) => quote(text === "" ? format.missing : format.category(field, text)))
      .join(" | ");
  }
  const { minimum, maximum, required } = field.constraints;
  const { decimals } = field.numberFormat;
  const whole = wholeNumbers(Math.floor(minimum), Math.floor(maximum))
    .replaceAll(/[0-9]+(?![^[]*\])(?![^{]*\})/g, quote)
    .replaceAll("|", " | ");
  const number = decimals > 0 ? `(${whole}) "." [0-9]{${decimals}}` : whole;
  return required ? number : `(${number})?`;
}

/** The values of a category; "" for a missing one. */
function textsOf(field: Field): string[] {
  if (!isCategoryField(field)) {
    throw new Error(`expected categories and numbers alone, but column "${field.name}" is another kind`);
  }
  return field.constraints.required ? field.constraints.enum : [...field.constraints.enum, ""];
}

const quote = (text: string): string => JSON.stringify(text);
