/**
 * The schema of a table: Frictionless Table Schema, plus what it has no room for: the format of numbers, the
 * characters of texts, where running identifiers go on.
 * https://specs.frictionlessdata.io/table-schema/
 */
export interface TableSchema {
  fields: Field[];
  /** the column to predict, where the table has one */
  target?: string;
  /** what rows keep to, e.g. "end >= start"; see parseRule in src/rules */
  rules?: string[];
  /** what one column says of another in the table, without exception, e.g. "city -> state"; kept to as rules are */
  dependencies?: string[];
}

export type Field = CategoryField | NumberField | DateField | IdentifierField | TextField;

interface FieldBase {
  name: string;
  description?: string;
  /** texts that mean "no value" in this column, the most frequent first; written back as the first. Empty: none. */
  missingValues: string[];
}

/** Values from a closed list, kept as text: categories, booleans, zero-padded codes. */
export interface CategoryField extends FieldBase {
  type: "string" | "boolean";
  constraints: { required: boolean; enum: string[] };
}

/** Numbers in fixed point: the value is an integer at scale 10^-decimals, within [minimum, maximum]. */
export interface NumberField extends FieldBase {
  type: "integer" | "number";
  constraints: { required: boolean; minimum: number; maximum: number };
  numberFormat: NumberFormat;
}

/**
 * How a column's numbers are written: `decimals` digits after the point, then trailing zeros cut down to `minDecimals`
 * (which may exceed decimals: 10 is written "10.0" where decimals = 0 and minDecimals = 1).
 */
export interface NumberFormat {
  decimals: number;
  minDecimals: number;
  /** digits of every cell, with leading zeros (00501): integers of 0 or more; such cells are text in typed files */
  width?: number;
  /** a "+" before what is not negative, in text files */
  plus?: true;
  /** a comma between groups of three digits before the point, in text files */
  thousands?: true;
}

/** Calendar days, or days with a time to the second: no time zones. */
export interface DateField extends FieldBase {
  type: "date" | "datetime";
  /**
   * Pattern of the cells in text files, as strptime's: %Y, %m, %d, %H, %M, %S, and %-d, %-m, %-H without leading zeros;
   * other characters stand for themselves.
   */
  format: string;
  /** ISO 8601: 2024-01-31, or 2024-01-31T23:59:59 */
  constraints: { required: boolean; minimum: string; maximum: string };
}

/**
 * Names of rows, each its own: never shown to the model, left out of distances and scores, and made from the number of
 * the row when rows are written (src/table/identifier.ts).
 */
export interface IdentifierField extends FieldBase {
  type: "string" | "integer";
  /**
   * The pattern is a regular expression of these parts alone: plain characters, [0-9a-f]{4}, (DE|FR), and once, where
   * all others are plain, the running number (0|[1-9][0-9]*).
   */
  constraints: { required: boolean; unique: true; pattern: string };
  /** first running number to write, where the pattern has one */
  start?: number;
}

/** Texts of no closed list. */
export interface TextField extends FieldBase {
  type: "string";
  /** lengths in characters (Unicode code points) */
  constraints: { required: boolean; minLength: number; maxLength: number };
  /** the characters that occur, which texts that training has not seen may be written with as well */
  characters?: string;
}

export function isCategoryField(field: Field): field is CategoryField {
  return "enum" in field.constraints;
}

export function isIdentifierField(field: Field): field is IdentifierField {
  return "unique" in field.constraints;
}

export function isNumberField(field: Field): field is NumberField {
  return (field.type === "integer" || field.type === "number") && !isIdentifierField(field);
}

export function isDateField(field: Field): field is DateField {
  return field.type === "date" || field.type === "datetime";
}

export function isTextField(field: Field): field is TextField {
  return "maxLength" in field.constraints;
}
