import type { DuckDBConnection } from "@duckdb/node-api";

/**
 * Runs `use` with a connection to a database that never reaches for the network: a fresh one in memory, or the one at
 * `path`. Other entries are settings of DuckDB.
 */
export async function withDuckDb<T>(
  use: (connection: DuckDBConnection) => Promise<T>,
  { path = ":memory:", ...settings }: { path?: string; threads?: string; memory_limit?: string } = {},
): Promise<T> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(path, {
    ...settings,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  try {
    return await use(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A path as a SQL text that names this one file: DuckDB would expand *, ? and [. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[*?[]/g, "[$&]"));
}
