import { rm } from "node:fs/promises";
import type { DuckDBDataChunk, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { quoteName, quoteText, withDuckDb } from "./duckdb";

/** DuckDB's vector size. Whole vectors make the same row groups of the same rows, however these came. */
const ROWS_PER_CHUNK = 2048;
/** Rows of a row group at most, as DuckDB has it. */
const ROWS_PER_GROUP = 60 * ROWS_PER_CHUNK;
/** Bytes of a row group's values, about, which a writer holds all at once. */
const BYTES_PER_GROUP = 2 ** 26;
const BYTES_PER_VALUE = 8;

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
  const settings = { path: database, threads: "1", memory_limit: memoryFor(columns.length) };
  let nRows = 0;
  let nCharacters = 0;
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
        nRows += piece[0]?.length ?? 0;
        piece.forEach((values, c) => {
          for (const value of values) {
            waiting[c]!.push(value);
            if (typeof value === "string") nCharacters += value.length;
          }
        });
        while (waiting[0]!.length >= ROWS_PER_CHUNK) {
          append(waiting.map((values) => values.slice(0, ROWS_PER_CHUNK)));
          waiting = waiting.map((values) => values.slice(ROWS_PER_CHUNK));
        }
      }
      if (waiting[0]!.length > 0) append(waiting);
      appender.closeSync();
      const group = rowsPerGroup(BYTES_PER_VALUE * columns.length + nCharacters / Math.max(1, nRows));
      await connection.run(`COPY rows TO ${quoteText(path)} (FORMAT parquet, ROW_GROUP_SIZE ${group})`);
    }, settings);
  } finally {
    await removeDatabase(database);
  }
}

/** DuckDB keeps what is more on the disk, but holds a block or several of each column. */
const memoryFor = (nColumns: number): string => `${Math.max(256, 64 + nColumns)}MB`;

/** Fewer rows where they are wide or long, of which as many as else would not fit into the memory. */
function rowsPerGroup(bytesPerRow: number): number {
  const chunks = Math.floor(BYTES_PER_GROUP / bytesPerRow / ROWS_PER_CHUNK);
  return Math.max(ROWS_PER_CHUNK, Math.min(ROWS_PER_GROUP, chunks * ROWS_PER_CHUNK));
}

async function removeDatabase(path: string): Promise<void> {
  for (const each of [path, `${path}.wal`, `${path}.tmp`]) await rm(each, { recursive: true, force: true });
}
