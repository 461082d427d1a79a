import { rm } from "node:fs/promises";
import type { DuckDBDataChunk, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { quoteName, quoteText, withDuckDb } from "./duckdb";

/** DuckDB's vector size. Whole vectors make the same row groups of the same rows, however these came. */
const ROWS_PER_CHUNK = 2048;
/** DuckDB keeps what is more on the disk. */
const MEMORY = "256MB";

export interface ParquetColumn {
  name: string;
  type: DuckDBType;
}

/** Some rows: the values of each column. */
export type ParquetRows = readonly (readonly DuckDBValue[])[];

/**
 * Writes a Parquet file whose bytes depend on the rows alone. They wait in a database beside it, on the disk, until all
 * are there, so memory does not grow with them.
 */
export async function writeParquetRows(
  path: string,
  columns: readonly ParquetColumn[],
  pieces: AsyncIterable<ParquetRows>,
): Promise<void> {
  const { DuckDBDataChunk } = await import("@duckdb/node-api");
  const types = columns.map(({ type }) => type);
  const database = `${path}.duckdb`;
  const settings = { path: database, threads: "1", memory_limit: MEMORY };
  try {
    await removeDatabase(database);
    await withDuckDb(async (connection) => {
      const declared = columns.map(({ name, type }) => `${quoteName(name)} ${String(type)}`);
      await connection.run(`CREATE TABLE rows (${declared.join(", ")})`);
      const appender = await connection.createAppender("rows");
      const append = (rows: ParquetRows): void => {
        const chunk: DuckDBDataChunk = DuckDBDataChunk.create(types, rows[0]?.length ?? 0);
        rows.forEach((values, c) => chunk.setColumnValues(c, values));
        appender.appendDataChunk(chunk);
      };
      let waiting: DuckDBValue[][] = columns.map(() => []);
      for await (const piece of pieces) {
        piece.forEach((values, c) => {
          for (const value of values) waiting[c]!.push(value);
        });
        while (waiting[0]!.length >= ROWS_PER_CHUNK) {
          append(waiting.map((values) => values.slice(0, ROWS_PER_CHUNK)));
          waiting = waiting.map((values) => values.slice(ROWS_PER_CHUNK));
        }
      }
      if (waiting[0]!.length > 0) append(waiting);
      appender.closeSync();
      await connection.run(`COPY rows TO ${quoteText(path)} (FORMAT parquet)`);
    }, settings);
  } finally {
    await removeDatabase(database);
  }
}

async function removeDatabase(path: string): Promise<void> {
  for (const each of [path, `${path}.wal`, `${path}.tmp`]) await rm(each, { recursive: true, force: true });
}
