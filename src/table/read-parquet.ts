import { quoteName, quotePath } from "./duckdb";
import { readColumns, readWithDuckDb, rowsOf } from "./read-duckdb";
import type { TextColumn } from "./source";

/** Reads a Parquet file. */
export async function readParquet(path: string): Promise<TextColumn[]> {
  return await readWithDuckDb(path, "Parquet", async (connection) => {
    const table = `read_parquet(${quotePath(path)}, hive_partitioning = false)`;
    const described = await rowsOf(connection, `DESCRIBE SELECT * FROM ${table}`);
    const known = described.map((row) => ({ name: String(row[0]), type: String(row[1]) }));
    const stored = (
      await rowsOf(
        connection,
        `SELECT name FROM parquet_schema(${quotePath(path)}) WHERE num_children IS NULL`,
      )
    ).map((row) => String(row[0]));
    // DuckDB renames a column that differs from another only in case; the file has the real name.
    const names = stored.length === known.length ? stored : known.map((column) => column.name);
    const cells = known.map(({ name, type }) => textOf(quoteName(name), type));
    return await readColumns(connection, path, names, `SELECT ${cells.join(", ")} FROM ${table}`);
  });
}

/** The SQL of a column as text in the form that readTable promises. */
function textOf(column: string, type: string): string {
  const text = `${column}::VARCHAR`;
  return type.startsWith("TIMESTAMP") ? `replace(${text}, ' ', 'T')` : text;
}
