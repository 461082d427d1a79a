/**
 * The schema of a table: Frictionless Table Schema, plus the format of numbers, which it has no room for.
 * https://specs.frictionlessdata.io/table-schema/
 */
export interface TableSchema {
  fields: Field[];
  /** the column to predict, where the table has one */
  target?: string;
}

export type Field = CategoryField | NumberField;

interface FieldBase {
  name: string;
  description?: string;
  /** texts that mean "no value" in this column, the most frequent first; written back as the first. Empty: none. */
  missingValues: string[];
}

/** Values from a closed list, kept as text: categories, booleans, zero-padded codes, identifiers. */
export interface CategoryField extends FieldBase {
  type: "string" | "boolean";
  constraints: { required: boolean; enum: string[] };
}

/**
 * Numbers in fixed point: the value is an integer at scale 10^-decimals, within [minimum, maximum].
 * Written with `decimals` digits after the point, then trailing zeros cut down to `minDecimals`
 * (which may exceed decimals: 10 is written "10.0" where decimals = 0 and minDecimals = 1).
 */
export interface NumberField extends FieldBase {
  type: "integer" | "number";
  constraints: { required: boolean; minimum: number; maximum: number };
  numberFormat: { decimals: number; minDecimals: number };
}

export function isNumberField(field: Field): field is NumberField {
  return field.type === "integer" || field.type === "number";
}
