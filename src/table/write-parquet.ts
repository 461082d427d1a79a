import type { RecordBatch } from "apache-arrow";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { HarmonicError } from "../errors";
import { columnsFromBatches } from "./from-batches";
import { toDays, toSeconds } from "./calendar";
import type { Column } from "./columns";
import { formatNumber, fromScaled } from "./number";
import { writeParquetRows, type ParquetRows } from "./parquet-sink";
import { isNumberField, type Field, type TableSchema } from "./schema";

type DuckDb = typeof import("@duckdb/node-api");

/**
 * Writes a Parquet file with typed columns: INTEGER or BIGINT, DOUBLE, BOOLEAN, DATE, TIMESTAMP, VARCHAR (also numbers
 * of fixed width, whose leading zeros are kept).
 */
export async function writeParquet(
  path: string,
  batches: AsyncIterable<RecordBatch>,
  schema: TableSchema,
): Promise<void> {
  checkCase(schema);
  const duckDb = await import("@duckdb/node-api");
  const columns = schema.fields.map((field) => ({ name: field.name, type: typeOf(field, duckDb) }));
  const pieces = async function* (): AsyncGenerator<ParquetRows> {
    for await (const batch of batches) {
      const values = columnsFromBatches([batch], schema);
      yield schema.fields.map((field, f) => {
        const value = valueOf(field, values[f]!, columns[f]!.type === duckDb.BIGINT, duckDb);
        return Array.from({ length: batch.numRows }, (_, i) => value(i));
      });
    }
  };
  await writeParquetRows(path, columns, pieces());
}

function typeOf(
  field: Field,
  { BIGINT, BOOLEAN, DATE, DOUBLE, INTEGER, TIMESTAMP, VARCHAR }: DuckDb,
): DuckDBType {
  if (isNumberField(field)) {
    if (field.numberFormat.width !== undefined) return VARCHAR;
    if (field.type === "number") return DOUBLE;
    return fitsInt32(field.constraints) ? INTEGER : BIGINT;
  }
  switch (field.type) {
    case "date":
      return DATE;
    case "datetime":
      return TIMESTAMP;
    case "boolean":
      return BOOLEAN;
    case "integer":
      return BIGINT;
    default:
      return VARCHAR;
  }
}

function valueOf(field: Field, column: Column, big: boolean, duckDb: DuckDb): (i: number) => DuckDBValue {
  if (column.kind === "category") {
    if (field.type === "boolean")
      return (i) => column.values[column.codes[i]!]?.toLowerCase().startsWith("t") ?? null;
    return (i) => column.values[column.codes[i]!] ?? null;
  }
  if (column.kind === "text") {
    return (i) => {
      const text = column.values[i]!;
      return big && text !== null ? BigInt(text) : text;
    };
  }
  const { scaled } = column;
  const toValue = numberValueOf(field, column, big, duckDb);
  return (i) => (Number.isNaN(scaled[i]!) ? null : toValue(scaled[i]!));
}

function numberValueOf(
  field: Field,
  column: Extract<Column, { scaled: Float64Array }>,
  big: boolean,
  { DuckDBDateValue, DuckDBTimestampValue }: DuckDb,
): (scaled: number) => DuckDBValue {
  if (column.kind === "date") {
    if (field.type === "date") return (digits) => new DuckDBDateValue(toDays(digits));
    return (digits) => new DuckDBTimestampValue(BigInt(toSeconds(digits)) * 1_000_000n);
  }
  if (isNumberField(field) && field.numberFormat.width !== undefined) {
    return (scaled) => formatNumber(scaled, field.numberFormat);
  }
  return big ? BigInt : (scaled) => fromScaled(scaled, column.decimals);
}

function fitsInt32({ minimum, maximum }: { minimum: number; maximum: number }): boolean {
  return minimum >= -2147483648 && maximum <= 2147483647;
}

function checkCase(schema: TableSchema): void {
  const seen = new Map<string, string>();
  for (const { name } of schema.fields) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) {
      throw new HarmonicError(
        "E_INPUT",
        `columns "${before}" and "${name}" differ only in case, which DuckDB cannot write`,
        {
          hint: "write csv, jsonl or arrow instead, or rename one",
        },
      );
    }
    seen.set(name.toLowerCase(), name);
  }
}
