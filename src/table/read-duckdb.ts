import type { DuckDBConnection } from "@duckdb/node-api";
import { HarmonicError } from "../errors";
import { withDuckDb } from "./duckdb";
import { checkNames } from "./names";
import { TextColumnBuilder, type TextColumn } from "./source";

/** Reads a file through a DuckDB connection; DuckDB's errors become E_INPUT naming the file and the format. */
export async function readWithDuckDb(
  path: string,
  format: string,
  read: (connection: DuckDBConnection) => Promise<TextColumn[]>,
): Promise<TextColumn[]> {
  try {
    return await withDuckDb(read);
  } catch (error) {
    if (error instanceof HarmonicError) throw error;
    // without its echo of the SQL
    const message = (error as Error).message
      .split("\n\n")[0]!
      .replace(/^[A-Z][A-Za-z ]* Error: /, "")
      .trim();
    throw new HarmonicError("E_INPUT", `${path} is not a readable ${format} file: ${message}`, {
      hint: "check that the file was written completely and that its extension is right",
      cause: error,
    });
  }
}

/** The result of a query whose columns are all text, named `names`; held one chunk of rows at a time. */
export async function readColumns(
  connection: DuckDBConnection,
  path: string,
  names: string[],
  sql: string,
): Promise<TextColumn[]> {
  checkNames(path, names);
  const builders = names.map((name) => new TextColumnBuilder(name));
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    builders.forEach((builder, i) => {
      for (const cell of chunk.getColumnValues(i)) builder.push(cell as string | null);
    });
  }
  return builders.map((builder) => builder.finish());
}

/** All rows of a small result. */
export async function rowsOf(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}
