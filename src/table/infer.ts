import { HarmonicError } from "../errors";
import { didYouMean } from "./names";
import { inferDate, type InferredDate } from "./infer-date";
import { areRowNumbers, inferPattern } from "./infer-identifier";
import { areOneFormat, numberDomain, paddedWidth, readNumber, type NumberText } from "./infer-number";
import { RUNNING_NUMBER } from "./identifier-pattern";
import { decimalsOf, type Decimal } from "./number";
import {
  isCategoryField,
  type CategoryField,
  type Field,
  type IdentifierField,
  type NumberField,
  type TableSchema,
  type TextField,
} from "./schema";
import { countTexts, firstRowOf, type TableSource, type TextColumn } from "./source";

export interface InferOptions {
  /** column to predict */
  target?: string;
  /** texts that mean "no value" in every column, besides the empty cell */
  missingValues?: readonly string[];
  /** numbers and categories alone, as the original method has them */
  plain?: boolean;
}

/** Texts that mean "no value" in a column that otherwise holds numbers or dates. */
const TYPED_MISSING = new Set(["", "NA", "N/A", "#N/A", "NaN", "nan", "NaT", "null", "NULL", "None"]);

/** Most distinct values of an integer target that is taken as class labels, each on two rows or more. */
const MAX_CLASSES = 10;

/** Fewest rows whose texts tell a list of categories from texts and identifiers. */
const ROWS_TO_TELL = 50;

/**
 * The schema of a table. A column is a number where every cell but the missing ones is a plain decimal number, a date
 * where every one is a date of one format; else it holds text: identifiers where every cell is another and all follow
 * one pattern, free text where most are others (or, where they are long or of many words, every second), digits of
 * fixed width likewise; else categories, a closed list. A target with few distinct integers is a category of class
 * labels. Throws E_USAGE for an unknown target and E_INPUT for infinities, which no range of numbers can hold.
 */
export function inferSchema(source: TableSource, options: InferOptions = {}): TableSchema {
  const { target, plain = false } = options;
  if (target !== undefined && !source.names.includes(target)) throw unknownColumn("target", target, source);
  const missing = new Set(options.missingValues);
  const fields = source.columns.map((column) => {
    const texts = readTexts(source.path, column, missing, plain);
    const isTarget = column.name === target;
    if (texts.numbers) {
      if (isTarget && isLabels(texts)) return categoryField(column.name, texts);
      return (!plain && !isTarget && rowNumberField(column.name, texts)) || numberField(column.name, texts);
    }
    if (texts.date) return dateField(column.name, texts, texts.date);
    return (!plain && !isTarget && openField(column.name, texts)) || categoryField(column.name, texts);
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

/** What predicting the target is: classification for a category, regression for a number or date. */
export function taskOf(schema: TableSchema): Task {
  const field = schema.fields.find(({ name }) => name === schema.target);
  if (!field) return "none";
  return isCategoryField(field) ? "classification" : "regression";
}

/** The distinct texts of a column, sorted into values and missing markers. */
interface Texts {
  /** most frequent first */
  missingValues: string[];
  /** in order of first appearance */
  values: { text: string; count: number }[];
  /** the same as numbers, where all are */
  numbers?: NumberText[];
  date?: InferredDate;
  /** dates whose format cannot be told: no identifiers */
  isAmbiguous: boolean;
}

function readTexts(
  path: string,
  column: TextColumn,
  declaredMissing: ReadonlySet<string>,
  plain: boolean,
): Texts {
  const counts = countTexts(column);
  const nEmpty = counts[column.texts.length]!;
  const all = column.texts.map((text, code) => ({ text, code, count: counts[code]! }));
  const present = all.filter(({ text }) => !declaredMissing.has(text));
  const typed = present.filter(({ text }) => !TYPED_MISSING.has(text.trim()));
  const read = typed.map((value) => ({ ...value, decimal: readNumber(value.text) }));
  checkFinite(path, column, read);
  const numbers = read.flatMap(({ text, decimal }) => (decimal ? [{ text, decimal }] : []));
  const isNumber = numbers.length > 0 && numbers.length === read.length && areOneFormat(numbers);
  const date = isNumber || plain ? undefined : inferDate(typed.map(({ text }) => text));
  const isTyped = isNumber || typeof date === "object";
  const values = isTyped ? typed : present;
  const kept = new Set(values);
  const markers = [
    ...all.filter((text) => !kept.has(text)),
    ...(nEmpty > 0 ? [{ text: "", count: nEmpty }] : []),
  ];
  markers.sort((a, b) => b.count - a.count || compareText(a.text, b.text));
  return {
    values,
    missingValues: markers.map(({ text }) => text),
    ...(isNumber && { numbers }),
    ...(typeof date === "object" && { date }),
    isAmbiguous: date === "ambiguous",
  };
}

function checkFinite(
  path: string,
  column: TextColumn,
  values: readonly { text: string; code: number; decimal: Decimal | undefined }[],
): void {
  const odd = values.filter(({ decimal }) => !decimal);
  const infinite = odd.filter(({ text }) => /^[+-]?inf(inity)?$/i.test(text.trim()));
  if (!infinite[0] || infinite.length < odd.length || odd.length === values.length) return;
  throw new HarmonicError(
    "E_INPUT",
    `${path}: row ${firstRowOf(column, infinite[0].code)}, column "${column.name}": "${infinite[0].text}" in a column of numbers`,
    { hint: "replace infinities by a finite number, or by an empty cell for a missing value" },
  );
}

function isLabels({ values, numbers = [] }: Texts): boolean {
  const nRows = values.reduce((sum, { count }) => sum + count, 0);
  return (
    values.length <= MAX_CLASSES &&
    nRows >= 2 * values.length &&
    numbers.every(({ decimal }) => decimalsOf(decimal) === 0)
  );
}

function categoryField(name: string, { values, missingValues, numbers }: Texts): CategoryField {
  const texts = values
    .map(({ text }) => text)
    .sort(numbers ? (a, b) => Number(a) - Number(b) || compareText(a, b) : compareText);
  const isBoolean =
    texts.length > 0 && texts.every((text) => /^(true|false)$/i.test(text)) && texts.length <= 2;
  return {
    name,
    type: isBoolean ? "boolean" : "string",
    missingValues,
    constraints: { required: missingValues.length === 0, enum: texts },
  };
}

function numberField(name: string, { numbers = [], missingValues }: Texts): NumberField {
  const { type, minimum, maximum, numberFormat } = numberDomain(numbers);
  const required = missingValues.length === 0;
  return { name, type, missingValues, constraints: { required, minimum, maximum }, numberFormat };
}

function dateField(name: string, { missingValues }: Texts, date: InferredDate): Field {
  const { type, format, minimum, maximum } = date;
  const required = missingValues.length === 0;
  return { name, type, format, missingValues, constraints: { required, minimum, maximum } };
}

/** Every cell is there and another. */
function areUnique({ values, missingValues }: Texts): boolean {
  return (
    missingValues.length === 0 && values.length > ROWS_TO_TELL && values.every(({ count }) => count === 1)
  );
}

function rowNumberField(name: string, texts: Texts): IdentifierField | undefined {
  if (!areUnique(texts)) return undefined;
  const { type, minimum, maximum, numberFormat } = numberDomain(texts.numbers!);
  if (type !== "integer" || minimum < 0 || numberFormat.plus || numberFormat.thousands) return undefined;
  if (
    !areRowNumbers(
      name,
      texts.values.map(({ text }) => Number(text)),
    )
  ) {
    return undefined;
  }
  const constraints = { required: true, unique: true as const, pattern: RUNNING_NUMBER };
  return { name, type, missingValues: [], constraints, start: maximum + 1 };
}

/** The field of texts that are no closed list; undefined where they are one. */
function openField(name: string, texts: Texts): IdentifierField | NumberField | TextField | undefined {
  const { values, missingValues, isAmbiguous } = texts;
  const nRows = values.reduce((sum, { count }) => sum + count, 0);
  if (nRows <= ROWS_TO_TELL || isAmbiguous) return undefined;
  const cells = values.map(({ text }) => text);
  const identifier = areUnique(texts) ? inferPattern(cells) : undefined;
  if (identifier) {
    const { pattern, ...start } = identifier;
    const constraints = { required: true, unique: true as const, pattern };
    return { name, type: "string", missingValues, constraints, ...start };
  }
  if (values.length < nRows / 2) return undefined;
  const required = missingValues.length === 0;
  const width = paddedWidth(cells);
  if (width !== undefined) {
    const numbers = cells.map(Number);
    const minimum = numbers.reduce((least, n) => Math.min(least, n));
    const maximum = numbers.reduce((most, n) => Math.max(most, n));
    const numberFormat = { decimals: 0, minDecimals: 0, width };
    return {
      name,
      type: "integer",
      missingValues,
      constraints: { required, minimum, maximum },
      numberFormat,
    };
  }
  return isFreeText(cells, nRows) ? textField(name, cells, missingValues) : undefined;
}

/** Most cells of their own, or every second and long or of many words. */
function isFreeText(cells: readonly string[], nRows: number): boolean {
  if (cells.every((text) => /^\d{1,2}:\d{2}(:\d{2})?$/.test(text))) return false; // times of day
  if (cells.length >= 0.9 * nRows) return true;
  const meanOf = (measure: (text: string) => number): number =>
    cells.reduce((sum, text) => sum + measure(text), 0) / cells.length;
  return meanOf((text) => text.length) >= 20 || meanOf((text) => text.trim().split(/\s+/).length) >= 3;
}

function textField(name: string, cells: readonly string[], missingValues: string[]): TextField {
  const characters = new Set<string>();
  let minLength = Infinity;
  let maxLength = 0;
  for (const text of cells) {
    let length = 0;
    for (const character of text) {
      characters.add(character);
      length++;
    }
    minLength = Math.min(minLength, length);
    maxLength = Math.max(maxLength, length);
  }
  const sorted = [...characters].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!).join("");
  const constraints = { required: missingValues.length === 0, minLength, maxLength };
  return { name, type: "string", missingValues, constraints, characters: sorted };
}

/** Order by code units: the same everywhere, whatever the locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
