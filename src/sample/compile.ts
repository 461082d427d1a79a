import { HarmonicError } from "../errors";
import type { RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import { parseDecimal, toScaled, type Rounding } from "../table/number";
import {
  type CategoryField,
  type DateField,
  type Field,
  isCategoryField,
  isDateField,
  isIdentifierField,
  isTextField,
  type NumberField,
  type TextField,
} from "../table/schema";
import { hasSeconds, printedDecimals } from "../instruct/cell";
import { parseIso } from "../table/date-format";
import type { CharacterCell } from "./character-edges";
import { dateCell } from "./dates";
import { numberCell } from "./digits";
import { textCell } from "./text-cell";
import { ACTION_MISSING, connectAll, type Exit, type Node } from "./graph";
import { categoryCell, type TrieEntry } from "./trie";

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
  const root = dateCell({ lowest, highest, precision }, charactersOf(field, tokenizer, exit, column));
  if (root) return root;
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
  return numberCell(cell, charactersOf(field, tokenizer, exit, column));
}

function charactersOf(field: Field, tokenizer: Tokenizer, exit: Exit, column: number): CharacterCell {
  const tokensOf = (character: string): readonly number[] => tokenizer.encode(character);
  return { tokensOf, exit, column, columnName: field.name };
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
