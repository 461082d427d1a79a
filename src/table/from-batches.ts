import { DataType, Vector, type Data, type RecordBatch } from "apache-arrow";
import { HarmonicError } from "../errors";
import { fromSeconds } from "./calendar";
import type { Column } from "./columns";
import { parseNumber, toScaled } from "./number";
import {
  isCategoryField,
  isDateField,
  isNumberField,
  type CategoryField,
  type Field,
  type NumberField,
  type TableSchema,
} from "./schema";

/** The columns of record batches that toRecordBatch made, one after another. */
export function columnsFromBatches(batches: readonly RecordBatch[], schema: TableSchema): Column[] {
  const n = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  return schema.fields.map((field) => {
    const pieces = batches.flatMap((batch): readonly Data[] => {
      const vector = batch.getChild(field.name);
      if (vector) return vector.data;
      throw new HarmonicError(
        "E_INPUT",
        `a record batch has no column "${field.name}", which the schema has`,
      );
    });
    return columnOf(field, pieces, n);
  });
}

function columnOf(field: Field, pieces: readonly Data[], n: number): Column {
  const { name } = field;
  if (isNumberField(field)) {
    const scaled = read(new Float64Array(n), pieces, NaN, (piece) => numbersOf(piece, field));
    return { kind: "number", name, decimals: field.numberFormat.decimals, scaled };
  }
  if (isDateField(field)) {
    const hasTime = field.type === "datetime";
    const scaled = read(new Float64Array(n), pieces, NaN, (piece) => {
      // Milliseconds, whatever the unit.
      const at = valuesOf<number>(piece);
      return (i) => fromSeconds(Math.floor(at(i) / 1000), hasTime);
    });
    return { kind: "date", name, scaled };
  }
  if (isCategoryField(field)) {
    const codes = read(new Int32Array(n), pieces, -1, (piece) => codesOf(piece, field));
    return { kind: "category", name, values: field.constraints.enum, codes };
  }
  const values = read(new Array<string | null>(n), pieces, null, (piece) => {
    const at = valuesOf<string | bigint>(piece);
    return (i) => String(at(i));
  });
  return { kind: "text", name, values };
}

/** Fills `out` with what is read of one piece after another. */
function read<Out extends Float64Array | Int32Array | (string | null)[]>(
  out: Out,
  pieces: readonly Data[],
  missing: Out[number],
  readerOf: (piece: Data) => (i: number) => Out[number],
): Out {
  let at = 0;
  for (const piece of pieces) {
    const readCell = readerOf(piece);
    const isWhole = piece.nullCount === 0;
    for (let i = 0; i < piece.length; i++) {
      out[at++] = isWhole || piece.getValid(i) ? readCell(i) : missing;
    }
  }
  return out;
}

/** Values as Arrow gives them. */
function valuesOf<T>(piece: Data): (i: number) => T {
  const vector = new Vector([piece]);
  return (i) => vector.get(i) as T;
}

function numbersOf(piece: Data, { numberFormat }: NumberField): (i: number) => number {
  const { decimals, width } = numberFormat;
  if (width !== undefined) {
    const text = valuesOf<string>(piece);
    return (i) => toScaled(parseNumber(text(i), numberFormat)!, decimals);
  }
  const scale = 10 ** decimals;
  const values = piece.values as Int32Array | BigInt64Array | Float64Array;
  if (DataType.isInt(piece.type)) return (i) => Number(values[i]) * scale;
  return (i) => Math.round(Number(values[i]) * scale) + 0;
}

/** Of a dictionary's entries only those are read that cells point to. */
function codesOf(piece: Data, { name, constraints }: CategoryField): (i: number) => number {
  const keys = piece.values as Int32Array;
  const dictionary = piece.dictionary!;
  const known = new Int32Array(dictionary.length).fill(-1);
  let all: Map<string, number> | undefined;
  const codeOf = (key: number): number => {
    const value = dictionary.get(key) as string;
    const values = constraints.enum;
    if (values[key] === value) return key; // a dictionary of the whole column, as toRecordBatch makes it
    all ??= new Map(values.map((each, code) => [each, code]));
    const code = all.get(value);
    if (code !== undefined) return code;
    throw new HarmonicError(
      "E_INPUT",
      `a record batch holds "${value}", which column "${name}" does not have`,
    );
  };
  return (i) => {
    const key = keys[i]!;
    if (known[key]! < 0) known[key] = codeOf(key);
    return known[key]!;
  };
}
