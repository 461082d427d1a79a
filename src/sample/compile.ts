import { HarmonicError } from "../errors";
import type { RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import type { AutomatonTables } from "../native/addon";
import { parseDecimal, toScaled, type Rounding } from "../table/number";
import {
  type CategoryField,
  type DateField,
  type Field,
  isCategoryField,
  isDateField,
  isIdentifierField,
  isNumberField,
  isTextField,
  type NumberField,
  type TableSchema,
  type TextField,
} from "../table/schema";
import { hasSeconds, printedDecimals } from "../instruct/cell";
import { parseIso } from "../table/date-format";
import { dateCell } from "./dates";
import { numberCell } from "./digits";
import { textCell } from "./text-cell";
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
  return { ...flatten(first.length > 0 ? start : after, columnKinds(schema)), ...textLimits(schema) };
}

/** Fewest and most characters of each text; see AutomatonTables. */
export function textLimits(schema: TableSchema): Pick<AutomatonTables, "textLimits"> {
  if (!schema.fields.some(isTextField)) return {};
  const limits = schema.fields.flatMap((field) =>
    isTextField(field) ? [field.constraints.minLength, field.constraints.maxLength] : [0, 0],
  );
  return { textLimits: Int32Array.from(limits) };
}

/** What the decoder makes of each column; see AutomatonTables. */
export function columnKinds(schema: TableSchema): Int32Array {
  return Int32Array.from(schema.fields, (field) => {
    if (isCategoryField(field)) return 0;
    return isNumberField(field) || isDateField(field) ? 1 : 2;
  });
}

/** The states of one column's cell, up to the literal text behind it; the first of them. */
export function compileCell(
  field: Field,
  format: RowFormat,
  tokenizer: Tokenizer,
  exit: Exit,
  column: number,
): Node {
  if (isCategoryField(field)) return categoryStates(field, format, tokenizer, exit, column);
  const missing = field.constraints.required ? undefined : tokenizer.encode(format.missing);
  if (isTextField(field)) {
    const pieces = tokenizer.piecesOf(field.name).charactersBegun;
    checkMissingFits(field, format);
    return textCell({ pieces, missing }, exit, column, field.name);
  }
  if (isIdentifierField(field)) {
    throw new HarmonicError(
      "E_USAGE",
      `column "${field.name}" holds identifiers, which the model does not write`,
      {
        hint: "compile the schema that modelOrder gives",
      },
    );
  }
  const root = isDateField(field)
    ? dateStates(field, tokenizer, exit, column)
    : numberStates(field, format, tokenizer, exit, column);
  if (missing && !connectAll(root, [...missing, exit.tokens[0]!], exit.nodes[0]!, column, ACTION_MISSING)) {
    throw new HarmonicError(
      "E_INPUT",
      `column "${field.name}": a missing cell reads like the start of a number in format ${format.name}`,
    );
  }
  return root;
}

/** What a missing cell reads like may be the start of a text, so the decoder must have room for it. */
function checkMissingFits(field: TextField, format: RowFormat): void {
  const { required, maxLength } = field.constraints;
  if (required || maxLength >= format.missing.length) return;
  throw new HarmonicError(
    "E_USAGE",
    `column "${field.name}": format ${format.name} writes missing cells as "${format.missing}", longer than its texts`,
    { hint: `use --format compact, or a maxLength of at least ${format.missing.length}` },
  );
}

function dateStates(field: DateField, tokenizer: Tokenizer, exit: Exit, column: number): Node {
  const { minimum, maximum } = field.constraints;
  const withTime = field.type === "datetime";
  const precision = !withTime ? "day" : hasSeconds(field.format) ? "second" : "minute";
  const lowest = parseIso(minimum, withTime) ?? 0;
  const highest = parseIso(maximum, withTime) ?? 0;
  const root = dateCell(
    { lowest, highest, precision },
    (character) => tokenizer.encode(character),
    exit,
    column,
    field.name,
  );
  if (root.edges.size > 0) return root;
  throw new HarmonicError(
    "E_INPUT",
    `column "${field.name}": there is no ${field.type} from minimum ${minimum} to maximum ${maximum}`,
    { hint: "correct minimum and maximum in the schema" },
  );
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
  const { width } = field.numberFormat;
  const cell = {
    lowest,
    highest,
    decimals,
    minDecimals: printedDecimals(field, format),
    ...(width && { width }),
  };
  return numberCell(cell, (character) => tokenizer.encode(character), exit, column, field.name);
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
