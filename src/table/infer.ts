import { HarmonicError } from "../errors";
import { didYouMean } from "./names";
import {
  decimalsOf,
  fromScaled,
  MAX_DIGITS,
  parseDecimal,
  toScaled,
  wholeDigitsOf,
  type Decimal,
} from "./number";
import type { CategoryField, NumberField, TableSchema } from "./schema";
import { countTexts, firstRowOf, type TableSource, type TextColumn } from "./source";

export interface InferOptions {
  /** column to predict */
  target?: string;
  /** texts that mean "no value" in every column, besides the empty cell */
  missingValues?: readonly string[];
}

/** Texts that mean "no value" in a column that otherwise holds numbers. */
const NUMERIC_MISSING = new Set(["", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None"]);

/** Most distinct values of an integer target that is taken as class labels, each on two rows or more. */
const MAX_CLASSES = 10;

/**
 * The schema of a table. A column is a number where every cell but the missing ones is a plain decimal number;
 * else a category, kept as text. A target with few distinct integers is a category of class labels. Throws
 * E_USAGE for an unknown target and E_INPUT for infinities, which no range of numbers can hold.
 */
export function inferSchema(source: TableSource, options: InferOptions = {}): TableSchema {
  const { target } = options;
  if (target !== undefined && !source.names.includes(target)) throw unknownColumn("target", target, source);
  const missing = new Set(options.missingValues);
  const fields = source.columns.map((column) => {
    const texts = readTexts(source.path, column, missing);
    if (!texts.isNumber || (column.name === target && isLabels(texts)))
      return categoryField(column.name, texts);
    return numberField(column.name, texts);
  });
  return target === undefined ? { fields } : { fields, target };
}

/** The error of an option that names a column the table does not have. */
export function unknownColumn(option: string, name: string, source: TableSource): HarmonicError {
  return new HarmonicError(
    "E_USAGE",
    `expected a column of ${source.path} for \`${option}\` but received "${name}"${didYouMean(name, source.names)}`,
    { hint: `its columns are: ${source.names.join(", ")}` },
  );
}

export type Task = "classification" | "regression" | "none";

/** What predicting the target is: classification for a category, regression for a number. */
export function taskOf(schema: TableSchema): Task {
  const field = schema.fields.find(({ name }) => name === schema.target);
  if (!field) return "none";
  return field.type === "integer" || field.type === "number" ? "regression" : "classification";
}

/** The distinct texts of a column, sorted into values and missing markers. */
interface Texts {
  isNumber: boolean;
  /** most frequent first */
  missingValues: string[];
  values: { text: string; count: number; decimal: Decimal | undefined }[];
}

function readTexts(path: string, column: TextColumn, declaredMissing: ReadonlySet<string>): Texts {
  const counts = countTexts(column);
  const nEmpty = counts[column.texts.length]!;
  const all = column.texts.map((text, code) => ({
    text,
    code,
    count: counts[code]!,
    decimal: parseDecimal(text),
  }));
  const present = all.filter(({ text }) => !declaredMissing.has(text));
  const odd = present.filter(({ decimal, text }) => !decimal && !NUMERIC_MISSING.has(text.trim()));
  const infinite = odd.filter(({ text }) => /^[+-]?inf(inity)?$/i.test(text.trim()));
  const someNumber = present.some(({ decimal }) => decimal);
  if (infinite[0] && infinite.length === odd.length && someNumber) {
    throw new HarmonicError(
      "E_INPUT",
      `${path}: row ${firstRowOf(column, infinite[0].code)}, column "${column.name}": "${infinite[0].text}" in a column of numbers`,
      { hint: "replace infinities by a finite number, or by an empty cell for a missing value" },
    );
  }
  const numbers = present.flatMap(({ decimal }) => decimal ?? []);
  const isNumber =
    numbers.length > 0 && odd.length === 0 && numbers.every((value) => wholeDigitsOf(value) <= MAX_DIGITS);
  const values = isNumber ? present.filter(({ decimal }) => decimal) : present;
  const kept = new Set(values);
  const markers = [
    ...all.filter((text) => !kept.has(text)),
    ...(nEmpty > 0 ? [{ text: "", count: nEmpty }] : []),
  ];
  markers.sort((a, b) => b.count - a.count || compareText(a.text, b.text));
  return { isNumber, values, missingValues: markers.map(({ text }) => text) };
}

function isLabels({ values }: Texts): boolean {
  const nRows = values.reduce((sum, { count }) => sum + count, 0);
  return (
    values.length <= MAX_CLASSES &&
    nRows >= 2 * values.length &&
    values.every(({ decimal }) => decimal && decimalsOf(decimal) === 0)
  );
}

function categoryField(name: string, { values, missingValues, isNumber }: Texts): CategoryField {
  const texts = values
    .map(({ text }) => text)
    .sort(isNumber ? (a, b) => Number(a) - Number(b) || compareText(a, b) : compareText);
  const isBoolean =
    texts.length > 0 && texts.every((text) => /^(true|false)$/i.test(text)) && texts.length <= 2;
  return {
    name,
    type: isBoolean ? "boolean" : "string",
    missingValues,
    constraints: { required: missingValues.length === 0, enum: texts },
  };
}

function numberField(name: string, { values, missingValues }: Texts): NumberField {
  const numbers = values.map(({ decimal }) => decimal!);
  const wanted = numbers.reduce((most, value) => Math.max(most, decimalsOf(value)), 0);
  const whole = numbers.reduce((most, value) => Math.max(most, wholeDigitsOf(value)), 0);
  const decimals = Math.min(wanted, MAX_DIGITS - whole);
  const printed = numbers.filter((value) => value.printed >= 0).map((value) => value.printed);
  const leastPrinted = printed.length === 0 ? 0 : printed.reduce((least, n) => Math.min(least, n));
  const minDecimals = wanted > decimals ? Math.min(leastPrinted, decimals) : leastPrinted;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const value of numbers) {
    minimum = Math.min(minimum, toScaled(value, decimals, "up"));
    maximum = Math.max(maximum, toScaled(value, decimals, "down"));
  }
  // Rounding inwards can cross where all values lie within one step of the reduced scale.
  if (minimum > maximum) minimum = maximum;
  return {
    name,
    type: decimals === 0 && minDecimals === 0 ? "integer" : "number",
    missingValues,
    constraints: {
      required: missingValues.length === 0,
      minimum: fromScaled(minimum, decimals),
      maximum: fromScaled(maximum, decimals),
    },
    numberFormat: { decimals, minDecimals },
  };
}

/** Order by code units: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
