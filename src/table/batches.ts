import {
  DataType,
  Dictionary,
  Field as ArrowField,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  Schema as ArrowSchema,
  Struct,
  Utf8,
  vectorFromArray,
  type Data,
  type Vector,
} from "apache-arrow";
import { HarmonicError } from "../errors";
import type { Column } from "./columns";
import { rowCount } from "./convert";
import { fromScaled } from "./number";
import { isNumberField, type NumberField, type TableSchema } from "./schema";

/**
 * The Arrow schema of a table: category = Dictionary<Utf8, Int32>, integer = Int32 where the bounds fit, other
 * numbers Float64. Dictionary ids are column numbers, so that all batches of a table share their dictionaries.
 */
export function arrowSchema(schema: TableSchema): ArrowSchema {
  return new ArrowSchema(
    schema.fields.map((field, i) => {
      const type = isNumberField(field)
        ? fitsInt32(field)
          ? new Int32()
          : new Float64()
        : new Dictionary(new Utf8(), new Int32(), i);
      return new ArrowField(field.name, type, !field.constraints.required);
    }),
  );
}

/** Columns as one Arrow record batch; the buffers of categories are shared, not copied. */
export function toRecordBatch(columns: readonly Column[], schema: TableSchema): RecordBatch {
  const arrow = arrowSchema(schema);
  const n = rowCount(columns);
  const children = columns.map((column, i) => toData(column, arrow.fields[i]!.type as DataType, schema));
  return new RecordBatch(
    arrow,
    makeData({ type: new Struct(arrow.fields), length: n, nullCount: 0, children }),
  );
}

/** The columns of record batches that toRecordBatch made, one after another. */
export function columnsFromBatches(batches: readonly RecordBatch[], schema: TableSchema): Column[] {
  const n = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  return schema.fields.map((field): Column => {
    const vectors = batches.map((batch) => {
      const vector = batch.getChild(field.name);
      if (vector) return vector;
      throw new HarmonicError(
        "E_INPUT",
        `a record batch has no column "${field.name}", which the schema has`,
      );
    });
    let at = 0;
    if (isNumberField(field)) {
      const { decimals } = field.numberFormat;
      const scaled = new Float64Array(n);
      for (const vector of vectors) {
        for (let i = 0; i < vector.length; i++) {
          const value = vector.get(i) as number | null;
          scaled[at++] = value === null ? NaN : Math.round(value * 10 ** decimals) + 0;
        }
      }
      return { kind: "number", name: field.name, decimals, scaled };
    }
    const values = field.constraints.enum;
    const codeOf = new Map(values.map((value, code) => [value, code]));
    const codes = new Int32Array(n);
    for (const vector of vectors) {
      for (let i = 0; i < vector.length; i++) {
        const value = vector.get(i) as string | null;
        codes[at++] = value === null ? -1 : code(codeOf, value, field.name);
      }
    }
    return { kind: "category", name: field.name, values, codes };
  });
}

function code(codeOf: ReadonlyMap<string, number>, value: string, name: string): number {
  const known = codeOf.get(value);
  if (known === undefined) {
    throw new HarmonicError(
      "E_INPUT",
      `a record batch holds "${value}", which column "${name}" does not have`,
    );
  }
  return known;
}

function fitsInt32(field: NumberField): boolean {
  const { minimum, maximum } = field.constraints;
  return field.type === "integer" && minimum >= -2147483648 && maximum <= 2147483647;
}

function toData(column: Column, type: DataType, schema: TableSchema): Data {
  if (column.kind === "category") {
    const valid = validity(column.codes.length, (i) => column.codes[i]! >= 0);
    const dictionary = dictionaryOf(schema, column.name, column.values);
    const codes = valid ? column.codes.map((c) => (c < 0 ? 0 : c)) : column.codes;
    return makeData({ type: type as Dictionary, data: codes, dictionary, ...valid });
  }
  const { scaled, decimals } = column;
  const valid = validity(scaled.length, (i) => !Number.isNaN(scaled[i]!));
  if (DataType.isInt(type)) {
    return makeData({
      type: type as Int32,
      data: Int32Array.from(scaled, (x) => (x === x ? x : 0)),
      ...valid,
    });
  }
  return makeData({
    type: type as Float64,
    data: Float64Array.from(scaled, (x) => (x === x ? fromScaled(x, decimals) : 0)),
    ...valid,
  });
}

/** Arrow's bitmap of present values; absent where all are. */
function validity(
  n: number,
  isPresent: (i: number) => boolean,
): { nullBitmap: Uint8Array; nullCount: number } | undefined {
  const nullBitmap = new Uint8Array(Math.ceil(n / 8));
  let nullCount = 0;
  for (let i = 0; i < n; i++) {
    if (isPresent(i)) nullBitmap[i >> 3]! |= 1 << (i & 7);
    else nullCount++;
  }
  return nullCount === 0 ? undefined : { nullBitmap, nullCount };
}

// One vector a column and schema: writers send a dictionary again where they meet another object.
const dictionaries = new WeakMap<
  TableSchema,
  Map<string, { values: readonly string[]; vector: Vector<Utf8> }>
>();

function dictionaryOf(schema: TableSchema, name: string, values: readonly string[]): Vector<Utf8> {
  let known = dictionaries.get(schema);
  if (!known) {
    known = new Map<string, { values: readonly string[]; vector: Vector<Utf8> }>();
    dictionaries.set(schema, known);
  }
  const held = known.get(name);
  if (held && (held.values === values || sameTexts(held.values, values))) return held.vector;
  const vector = vectorFromArray(values as string[], new Utf8());
  known.set(name, { values, vector });
  return vector;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
