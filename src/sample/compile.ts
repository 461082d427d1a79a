import { HarmonicError } from "../errors";
import type { RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import type { AutomatonTables } from "../native/addon";
import { parseDecimal, toScaled, type Rounding } from "../table/number";
import {
  type CategoryField,
  type Field,
  isNumberField,
  type NumberField,
  type TableSchema,
} from "../table/schema";
import { printedDecimals } from "./cells";
import { numberCell } from "./digits";
import { ACTION_MISSING, chain, connectAll, type Exit, flatten, Node } from "./graph";
import { categoryCell, type TrieEntry } from "./trie";

/**
 * Compiles the rows of a table in a format to an automaton over token ids, from the last literal back to the first.
 * @throws E_INPUT where a column has no value, or two of its values cannot be told apart
 */
export function compileRow(schema: TableSchema, format: RowFormat, tokenizer: Tokenizer): AutomatonTables {
  const literals = format.rowLiterals(schema).map((text) => tokenizer.encode(text));
  let after = new Node();
  for (let f = schema.fields.length - 1; f >= 0; f--) {
    const field = schema.fields[f]!;
    const literal = literals[f + 1]!;
    if (literal.length === 0) {
      throw new HarmonicError(
        "E_USAGE",
        `expected text behind column "${field.name}" in format ${format.name}`,
      );
    }
    after = compileCell(field, format, tokenizer, chain(literal, after), f);
  }
  const first = literals[0]!;
  const start = new Node();
  const whole = chain(first, after);
  if (first.length > 0) start.connect(first[0]!, whole.nodes[0]!);
  return flatten(first.length > 0 ? start : after, columnKinds(schema));
}

/** What the decoder makes of each column; see AutomatonTables. */
export function columnKinds(schema: TableSchema): Int32Array {
  return Int32Array.from(schema.fields, (field) => (isNumberField(field) ? 1 : 0));
}

/** The states of one column's cell, up to the literal text behind it; the first of them. */
export function compileCell(
  field: Field,
  format: RowFormat,
  tokenizer: Tokenizer,
  exit: Exit,
  column: number,
): Node {
  return isNumberField(field)
    ? numberStates(field, format, tokenizer, exit, column)
    : categoryStates(field, format, tokenizer, exit, column);
}

function categoryStates(
  field: CategoryField,
  format: RowFormat,
  tokenizer: Tokenizer,
  exit: Exit,
  column: number,
): Node {
  const values = field.constraints.enum;
  const tokens = tokenizer.encodeAll(values.map((value) => format.category(field, value)));
  const entries: TrieEntry[] = values.map((value, code) => ({
    name: JSON.stringify(value),
    tokens: tokens[code]!,
    action: code,
  }));
  if (!field.constraints.required) entries.push(missingEntry(format, tokenizer));
  if (entries.length === 0) {
    throw new HarmonicError("E_INPUT", `column "${field.name}": expected at least one value in its enum`);
  }
  return categoryCell(entries, exit, column, field.name);
}

function numberStates(
  field: NumberField,
  format: RowFormat,
  tokenizer: Tokenizer,
  exit: Exit,
  column: number,
): Node {
  const { decimals } = field.numberFormat;
  const lowest = bound(field, field.constraints.minimum, "minimum", "up");
  const highest = bound(field, field.constraints.maximum, "maximum", "down");
  if (lowest > highest) {
    throw new HarmonicError(
      "E_INPUT",
      `column "${field.name}": expected a number of ${decimals} decimals from minimum ${field.constraints.minimum} ` +
        `to maximum ${field.constraints.maximum}, but there is none`,
    );
  }
  const cell = { lowest, highest, decimals, minDecimals: printedDecimals(field, format) };
  const root = numberCell(cell, (character) => tokenizer.encode(character), exit, column, field.name);
  if (field.constraints.required) return root;

  const { tokens, action } = missingEntry(format, tokenizer);
  const way = [...tokens, exit.tokens[0]!];
  if (!connectAll(root, way, exit.nodes[0]!, column, action)) {
    throw new HarmonicError(
      "E_INPUT",
      `column "${field.name}": a missing cell reads like the start of a number in format ${format.name}`,
    );
  }
  return root;
}

function missingEntry(format: RowFormat, tokenizer: Tokenizer): TrieEntry {
  return { name: "a missing cell", tokens: tokenizer.encode(format.missing), action: ACTION_MISSING };
}

/** A bound of the schema as an integer at the column's scale. */
function bound(field: NumberField, value: number, name: string, rounding: Rounding): number {
  const parsed = parseDecimal(String(value));
  if (!parsed) {
    throw new HarmonicError(
      "E_INPUT",
      `column "${field.name}": expected a finite number for ${name} but received ${value}`,
    );
  }
  return toScaled(parsed, field.numberFormat.decimals, rounding);
}
