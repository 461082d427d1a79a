import {
  DataType,
  DateDay,
  Dictionary,
  Field as ArrowField,
  Float64,
  Int32,
  Int64,
  makeData,
  RecordBatch,
  Schema as ArrowSchema,
  Struct,
  TimestampSecond,
  Utf8,
  vectorFromArray,
  type Data,
  type Vector,
} from "apache-arrow";
import { toDays, toSeconds } from "./calendar";
import { isMissing, rowCount, type Column } from "./columns";
import { formatNumber, fromScaled } from "./number";
import {
  isCategoryField,
  isDateField,
  isIdentifierField,
  isNumberField,
  type Field,
  type NumberField,
  type TableSchema,
} from "./schema";

/**
 * The Arrow schema of a table: category = Dictionary<Utf8, Int32>, integer = Int32 where the bounds fit, other
 * numbers Float64, those of fixed width Utf8; date = Date32, datetime = Timestamp(second); text and identifiers =
 * Utf8, running integers Int64. Dictionary ids are column numbers, so that all batches of a table share their
 * dictionaries.
 */
export function arrowSchema(schema: TableSchema): ArrowSchema {
  return new ArrowSchema(
    schema.fields.map(
      (field, i) => new ArrowField(field.name, typeOf(field, i), !field.constraints.required),
    ),
  );
}

function typeOf(field: Field, i: number): DataType {
  if (isNumberField(field)) {
    if (field.numberFormat.width !== undefined) return new Utf8();
    return fitsInt32(field) ? new Int32() : new Float64();
  }
  if (isDateField(field)) return field.type === "date" ? new DateDay() : new TimestampSecond();
  if (isCategoryField(field)) return new Dictionary(new Utf8(), new Int32(), i);
  return isIdentifierField(field) && field.type === "integer" ? new Int64() : new Utf8();
}

/** Columns as one Arrow record batch; the buffers of categories are shared, not copied. */
export function toRecordBatch(columns: readonly Column[], schema: TableSchema): RecordBatch {
  const arrow = arrowSchema(schema);
  const n = rowCount(columns);
  const children = columns.map((column, i) =>
    toData(column, schema.fields[i]!, arrow.fields[i]!.type as DataType, schema),
  );
  return new RecordBatch(
    arrow,
    makeData({ type: new Struct(arrow.fields), length: n, nullCount: 0, children }),
  );
}

function fitsInt32(field: NumberField): boolean {
  const { minimum, maximum } = field.constraints;
  return field.type === "integer" && minimum >= -2147483648 && maximum <= 2147483647;
}

function toData(column: Column, field: Field, type: DataType, schema: TableSchema): Data {
  const n = rowCount([column]);
  const valid = validity(n, (i) => !isMissing(column, i));
  if (column.kind === "category") {
    const dictionary = dictionaryOf(schema, column.name, column.values);
    const codes = valid ? column.codes.map((c) => (c < 0 ? 0 : c)) : column.codes;
    return makeData({ type: type as Dictionary, data: codes, dictionary, ...valid });
  }
  if (column.kind === "text") {
    if (!DataType.isInt(type)) return utf8Data(n, (i) => column.values[i] ?? "", valid);
    const data = BigInt64Array.from(column.values, (text) => BigInt(text ?? 0));
    return makeData({ type: type as Int64, data, ...valid });
  }
  const { scaled } = column;
  if (column.kind === "date") {
    if (DataType.isDate(type)) {
      const data = Int32Array.from(scaled, (x) => (x === x ? toDays(x) : 0));
      return makeData({ type: type as DateDay, data, ...valid });
    }
    const data = BigInt64Array.from(scaled, (x) => (x === x ? BigInt(toSeconds(x)) : 0n));
    return makeData({ type: type as TimestampSecond, data, ...valid });
  }
  if (DataType.isUtf8(type)) {
    const format = (field as NumberField).numberFormat;
    return utf8Data(n, (i) => (Number.isNaN(scaled[i]!) ? "" : formatNumber(scaled[i]!, format)), valid);
  }
  if (DataType.isInt(type)) {
    const data = Int32Array.from(scaled, (x) => (x === x ? x : 0));
    return makeData({ type: type as Int32, data, ...valid });
  }
  const { decimals } = column;
  return makeData({
    type: type as Float64,
    data: Float64Array.from(scaled, (x) => (x === x ? fromScaled(x, decimals) : 0)),
    ...valid,
  });
}

type Validity = ReturnType<typeof validity>;

function utf8Data(n: number, textOf: (i: number) => string, valid: Validity): Data<Utf8> {
  const pieces = Array.from({ length: n }, (_, i) => Buffer.from(textOf(i), "utf8"));
  const valueOffsets = new Int32Array(n + 1);
  pieces.forEach((piece, i) => (valueOffsets[i + 1] = valueOffsets[i]! + piece.length));
  return makeData({ type: new Utf8(), data: Buffer.concat(pieces), valueOffsets, ...valid });
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
