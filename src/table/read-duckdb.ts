import type { DuckDBConnection } from "@duckdb/node-api";
import { HarmonicError } from "../errors";
import { quoteName, quotePath, quoteText, withDuckDb } from "./duckdb";
import { checkNames } from "./names";
import { TextColumnBuilder, type TextColumn } from "./source";

/** Reads a Parquet file. */
export async function readParquet(path: string): Promise<TextColumn[]> {
  return await translated(path, "Parquet", () =>
    withDuckDb(async (connection) => {
      const table = `read_parquet(${quotePath(path)})`;
      const described = await rows(connection, `DESCRIBE SELECT * FROM ${table}`);
      const known = described.map((row) => ({ name: String(row[0]), type: String(row[1]) }));
      const stored = (
        await rows(
          connection,
          `SELECT name FROM parquet_schema(${quotePath(path)}) WHERE num_children IS NULL`,
        )
      ).map((row) => String(row[0]));
      // DuckDB renames a column that differs from another only in case; the file has the real name.
      const names = stored.length === known.length ? stored : known.map((column) => column.name);
      const cells = known.map(({ name, type }) => textOf(quoteName(name), type));
      return await read(connection, path, names, `SELECT ${cells.join(", ")} FROM ${table}`);
    }),
  );
}

/** Reads JSON: an array of objects, or one object after another (JSON Lines). Columns in order of first appearance. */
export async function readJson(path: string): Promise<TextColumn[]> {
  return await translated(path, "JSON", () =>
    withDuckDb(async (connection) => {
      const table = `read_json_objects(${quotePath(path)})`;
      const bad = await rows(
        connection,
        `SELECT i, t FROM (SELECT row_number() OVER () AS i, json_type(json) AS t FROM ${table}) WHERE t <> 'OBJECT' LIMIT 1`,
      );
      if (bad[0]) {
        throw new HarmonicError(
          "E_INPUT",
          `${path}: row ${String(bad[0][0])} is a JSON ${String(bad[0][1]).toLowerCase()}: expected an object`,
          { hint: 'write one object a row, such as {"name": "x", "age": 30}' },
        );
      }
      const keys = await rows(
        connection,
        `SELECT k FROM (SELECT row_number() OVER () AS i, unnest(json_keys(json)) AS k, ` +
          `generate_subscripts(json_keys(json), 1) AS j FROM ${table}) GROUP BY k ORDER BY min(i), min(j)`,
      );
      const names = keys.map((row) => String(row[0]));
      const cells = names.map((name) => {
        const pointer = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
        return `json_extract_string(json, ${quoteText(pointer)})`;
      });
      if (names.length === 0) return [];
      return await read(connection, path, names, `SELECT ${cells.join(", ")} FROM ${table}`);
    }),
  );
}

/** The SQL of a column as text in the form that readTable promises. */
function textOf(column: string, type: string): string {
  const text = `${column}::VARCHAR`;
  return type.startsWith("TIMESTAMP") ? `replace(${text}, ' ', 'T')` : text;
}

async function read(
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

async function rows(connection: DuckDBConnection, sql: string): Promise<unknown[][]> {
  return (await connection.runAndReadAll(sql)).getRows();
}

/** DuckDB's message without its echo of the SQL. */
async function translated<T>(path: string, format: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof HarmonicError) throw error;
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
