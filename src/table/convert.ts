import { HarmonicError } from "../errors";
import { isoText } from "./calendar";
import type { CategoryColumn, Column, DateColumn, FreeTextColumn, NumberColumn } from "./columns";
import { DateFormat, parseIso } from "./date-format";
import { patternOf } from "./identifier";
import { didYouMean } from "./names";
import { formatNumber, parseNumber, toScaled } from "./number";
import {
  isCategoryField,
  isDateField,
  isIdentifierField,
  isNumberField,
  type CategoryField,
  type DateField,
  type Field,
  type IdentifierField,
  type NumberField,
  type TableSchema,
  type TextField,
} from "./schema";
import { firstRowOf, type TableSource, type TextColumn } from "./source";

export interface ConvertOptions {
  /**
   * What a value outside its column's domain is: "error" (default), or "extend", which keeps it: a number out of
   * range as it is, an unknown category added after the schema's enum. For tables other than the schema's own.
   */
  unknown?: "error" | "extend";
}

/**
 * A table in the types of its schema, in the schema's column order; other columns of the table are left out.
 * Throws E_INPUT naming row and column for a cell that does not fit.
 */
export function toColumns(source: TableSource, schema: TableSchema, options: ConvertOptions = {}): Column[] {
  const extend = options.unknown === "extend";
  return schema.fields.map((field) => {
    const texts = source.columns.find(({ name }) => name === field.name);
    if (!texts) {
      throw new HarmonicError(
        "E_INPUT",
        `${source.path} has no column "${field.name}", which the schema has${didYouMean(field.name, source.names)}`,
        { hint: `its columns are: ${source.names.join(", ")}` },
      );
    }
    if (isNumberField(field)) return toNumberColumn(source.path, texts, field, extend);
    if (isDateField(field)) return toDateColumn(source.path, texts, field, extend);
    if (isCategoryField(field)) return toCategoryColumn(source.path, texts, field, extend);
    return toTextColumn(source.path, texts, field, extend);
  });
}

/** Text of a cell in its column's own format; a missing cell is the column's first missing marker. */
export function formatCell(field: Field, column: Column, i: number): string {
  return cellFormatter(field, column)(i) ?? field.missingValues[0] ?? "";
}

/** Writes a column's cells in its own format; undefined where the cell is missing. */
export function cellFormatter(field: Field, column: Column): (i: number) => string | undefined {
  if (column.kind === "category") return (i) => column.values[column.codes[i]!];
  if (column.kind === "text") return (i) => column.values[i] ?? undefined;
  const write = numberWriter(field, column);
  return (i) => (Number.isNaN(column.scaled[i]!) ? undefined : write(column.scaled[i]!));
}

function numberWriter(field: Field, column: NumberColumn | DateColumn): (scaled: number) => string {
  if (column.kind === "number") {
    const { decimals } = column;
    const format = isNumberField(field) ? field.numberFormat : { decimals, minDecimals: decimals };
    return (scaled) => formatNumber(scaled, { ...format, decimals });
  }
  if (!isDateField(field)) return isoText;
  const format = new DateFormat(field.format, field.type === "datetime");
  return (scaled) => format.format(scaled);
}

function toCategoryColumn(
  path: string,
  texts: TextColumn,
  field: CategoryField,
  extend: boolean,
): CategoryColumn {
  const values = [...field.constraints.enum];
  const codeOf = new Map(values.map((value, code) => [value, code]));
  const missing = new Set(field.missingValues);
  const toCode = texts.texts.map((text, t) => {
    const known = codeOf.get(text);
    if (known !== undefined) return known;
    if (missing.has(text)) return -1;
    if (!extend) {
      throw misfit(path, texts, t, `"${text}" is not one of the column's values`, {
        expected: `${sample(values)}${didYouMean(text, values.slice(0, 1000))}`,
      });
    }
    return values.push(text) - 1;
  });
  const codes = texts.codes.map((t) => (t < 0 ? -1 : toCode[t]!));
  if (!extend) checkRequired(path, texts, field, (i) => codes[i] === -1);
  return { kind: "category", name: field.name, values, codes };
}

function toNumberColumn(path: string, texts: TextColumn, field: NumberField, extend: boolean): NumberColumn {
  const { decimals } = field.numberFormat;
  const { minimum, maximum } = field.constraints;
  const missing = new Set(field.missingValues);
  const lowest = Math.round(minimum * 10 ** decimals);
  const highest = Math.round(maximum * 10 ** decimals);
  const toNumber = texts.texts.map((text, t) => {
    if (missing.has(text)) return NaN;
    const decimal = parseNumber(text, field.numberFormat);
    if (!decimal) {
      if (extend && isNoValue(text)) return NaN;
      throw misfit(path, texts, t, `"${text}" is not a number`, {
        expected: `a number from ${minimum} to ${maximum}`,
      });
    }
    const scaled = toScaled(decimal, decimals);
    if (extend || (scaled >= lowest && scaled <= highest)) return scaled;
    // Where the scale was reduced to 15 digits the bounds were rounded inwards, so values may lie half a step outside.
    if (Math.abs(scaled - (scaled < lowest ? lowest : highest)) <= 1 && reduced(decimal.exponent, decimals)) {
      return scaled < lowest ? lowest : highest;
    }
    throw misfit(path, texts, t, `${text} is out of range`, {
      expected: `a number from ${minimum} to ${maximum}`,
    });
  });
  const scaled = Float64Array.from(texts.codes, (t) => (t < 0 ? NaN : toNumber[t]!));
  if (!extend) checkRequired(path, texts, field, (i) => Number.isNaN(scaled[i]));
  return { kind: "number", name: field.name, decimals, scaled };
}

function toDateColumn(path: string, texts: TextColumn, field: DateField, extend: boolean): DateColumn {
  const withTime = field.type === "datetime";
  const format = new DateFormat(field.format, withTime);
  const { minimum, maximum } = field.constraints;
  const missing = new Set(field.missingValues);
  const lowest = parseIso(minimum, withTime) ?? 0;
  const highest = parseIso(maximum, withTime) ?? Infinity;
  const expected = `a ${field.type} like ${format.format(lowest)}, up to ${format.format(highest)}`;
  const toDigits = texts.texts.map((text, t) => {
    if (missing.has(text)) return NaN;
    const digits = format.parse(text) ?? parseIso(text, withTime);
    if (digits === undefined) {
      if (extend && isNoValue(text)) return NaN;
      throw misfit(path, texts, t, `"${text}" is no ${field.type} in the column's format`, { expected });
    }
    if (extend || (digits >= lowest && digits <= highest)) return digits;
    throw misfit(path, texts, t, `${text} is out of range`, { expected });
  });
  const scaled = Float64Array.from(texts.codes, (t) => (t < 0 ? NaN : toDigits[t]!));
  if (!extend) checkRequired(path, texts, field, (i) => Number.isNaN(scaled[i]));
  return { kind: "date", name: field.name, scaled };
}

function toTextColumn(
  path: string,
  texts: TextColumn,
  field: TextField | IdentifierField,
  extend: boolean,
): FreeTextColumn {
  const missing = new Set(field.missingValues);
  const problemOf = isIdentifierField(field) ? identifierProblem(field) : textProblem(field);
  const toText = texts.texts.map((text, t) => {
    if (missing.has(text)) return null;
    const problem = extend ? undefined : problemOf(text);
    if (problem === undefined) return text;
    const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
    throw misfit(path, texts, t, `${JSON.stringify(shown)} does not fit`, { expected: problem });
  });
  const values = Array.from(texts.codes, (t) => (t < 0 ? null : toText[t]!));
  if (!extend) checkRequired(path, texts, field, (i) => values[i] === null);
  return { kind: "text", name: field.name, values };
}

function identifierProblem(field: IdentifierField): (text: string) => string | undefined {
  const pattern = patternOf(field);
  return (text) =>
    pattern.numberOf(text) === undefined
      ? `an identifier of the pattern ${field.constraints.pattern}`
      : undefined;
}

function textProblem({ constraints }: TextField): (text: string) => string | undefined {
  const { minLength, maxLength } = constraints;
  return (text) => {
    const length = Array.from(text).length;
    return length >= minLength && length <= maxLength
      ? undefined
      : `${minLength} to ${maxLength} characters, not ${length}`;
  };
}

/** What other programs write for a missing number. */
function isNoValue(text: string): boolean {
  return /^(|nan?|nat|null|none)$/i.test(text.trim());
}

function reduced(exponent: number, decimals: number): boolean {
  return exponent + decimals < 0;
}

function checkRequired(
  path: string,
  texts: TextColumn,
  field: Field,
  isMissing: (i: number) => boolean,
): void {
  if (!field.constraints.required) return;
  for (let i = 0; i < texts.codes.length; i++) {
    if (isMissing(i)) {
      throw new HarmonicError(
        "E_INPUT",
        `${path}: row ${i + 1}, column "${field.name}": the cell is missing`,
        {
          hint: "fill it, or set the field's constraints.required to false in the schema",
        },
      );
    }
  }
}

function misfit(
  path: string,
  texts: TextColumn,
  t: number,
  what: string,
  { expected }: { expected: string },
): HarmonicError {
  return new HarmonicError(
    "E_INPUT",
    `${path}: row ${firstRowOf(texts, t)}, column "${texts.name}": ${what}; expected ${expected}`,
    { hint: "correct the cell, or widen the column in the schema" },
  );
}

function sample(values: readonly string[]): string {
  if (values.length === 0) return "a missing value: the column has no values";
  const shown = values.slice(0, 8).map((value) => JSON.stringify(value));
  return `one of ${shown.join(", ")}${values.length > 8 ? `, ... (${values.length} values)` : ""}`;
}
