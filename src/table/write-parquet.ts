import type { RecordBatch } from "apache-arrow";
import type { DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { HarmonicError } from "../errors";
import { columnsFromBatches } from "./batches";
import type { Column } from "./columns";
import { quoteName, quoteText, withDuckDb } from "./duckdb";
import { fromScaled } from "./number";
import { isNumberField, type Field, type TableSchema } from "./schema";

const ROWS_PER_CHUNK = 2048; // DuckDB's vector size

/** Writes a Parquet file with typed columns: INTEGER or BIGINT, DOUBLE, BOOLEAN, VARCHAR. */
export async function writeParquet(
  path: string,
  batches: AsyncIterable<RecordBatch>,
  schema: TableSchema,
): Promise<void> {
  checkCase(schema);
  const { BIGINT, BOOLEAN, DOUBLE, DuckDBDataChunk, INTEGER, VARCHAR } = await import("@duckdb/node-api");
  const types = schema.fields.map((field): DuckDBType => {
    if (field.type === "number") return DOUBLE;
    if (isNumberField(field)) return fitsInt32(field.constraints) ? INTEGER : BIGINT;
    return field.type === "boolean" ? BOOLEAN : VARCHAR;
  });
  await withDuckDb(async (connection) => {
    const declared = schema.fields.map((field, f) => `${quoteName(field.name)} ${String(types[f])}`);
    await connection.run(`CREATE TABLE rows (${declared.join(", ")})`);
    const appender = await connection.createAppender("rows");
    for await (const batch of batches) {
      const columns = columnsFromBatches([batch], schema);
      for (let start = 0; start < batch.numRows; start += ROWS_PER_CHUNK) {
        const n = Math.min(ROWS_PER_CHUNK, batch.numRows - start);
        const chunk = DuckDBDataChunk.create(types, n);
        schema.fields.forEach((field, f) => {
          const value = valueOf(field, columns[f]!, types[f] === BIGINT);
          chunk.setColumnValues(
            f,
            Array.from({ length: n }, (_, i) => value(start + i)),
          );
        });
        appender.appendDataChunk(chunk);
      }
    }
    appender.closeSync();
    await connection.run(`COPY rows TO ${quoteText(path)} (FORMAT parquet)`);
  });
}

function valueOf(field: Field, column: Column, big: boolean): (i: number) => DuckDBValue {
  if (column.kind === "number") {
    return (i) => {
      const scaled = column.scaled[i]!;
      if (Number.isNaN(scaled)) return null;
      return big ? BigInt(scaled) : fromScaled(scaled, column.decimals);
    };
  }
  if (field.type === "boolean")
    return (i) => column.values[column.codes[i]!]?.toLowerCase().startsWith("t") ?? null;
  return (i) => column.values[column.codes[i]!] ?? null;
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
