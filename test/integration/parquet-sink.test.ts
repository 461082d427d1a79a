import { join } from "node:path";
import { DOUBLE, VARCHAR, type DuckDBValue } from "@duckdb/node-api";
import { quotePath, withDuckDb } from "../../src/table/duckdb";
import { type ParquetColumn, type ParquetRows, writeParquetRows } from "../../src/table/parquet-sink";
import { temporaryFolder } from "../support/temporary";

const folder = temporaryFolder();

/** Rows of `valueOf(row, column)`, a thousand at a time. */
async function* piecesOf(
  nRows: number,
  nColumns: number,
  valueOf: (row: number, column: number) => DuckDBValue,
): AsyncGenerator<ParquetRows> {
  for (let first = 0; first < nRows; first += 1000) {
    const rows = Array.from({ length: Math.min(1000, nRows - first) }, (_, i) => first + i);
    yield Array.from({ length: nColumns }, (_, c) => rows.map((row) => valueOf(row, c)));
  }
}

async function select(path: string, what: string): Promise<DuckDBValue[]> {
  return await withDuckDb(async (connection) => {
    const rows = await connection.runAndReadAll(`SELECT ${what} FROM read_parquet(${quotePath(path)})`);
    return rows.getRows()[0]!;
  });
}

it("writes rows of many columns, more than its memory holds at once", async () => {
  const [path, nColumns, nRows] = [join(folder, "wide.parquet"), 600, 30_500];
  const columns = Array.from({ length: nColumns }, (_, c): ParquetColumn => ({
    name: `c${c}`,
    type: DOUBLE,
  }));
  await writeParquetRows(
    path,
    columns,
    piecesOf(nRows, nColumns, (row, c) => row + c / 1024),
  );
  const sum = (c: number): number => (nRows * (nRows - 1)) / 2 + (nRows * c) / 1024;
  expect(await select(path, "count(*)::INT, sum(c0), sum(c599)")).toEqual([nRows, sum(0), sum(599)]);
});

it("writes long texts, more than its memory holds at once", async () => {
  const [path, nRows] = [join(folder, "long.parquet"), 20_500];
  const pieces = piecesOf(nRows, 1, (row) => String(row).padEnd(10_000, "."));
  await writeParquetRows(path, [{ name: "text", type: VARCHAR }], pieces);
  const asked = "count(DISTINCT text)::INT, min(length(text))::INT, max(rtrim(text, '.')::INT)";
  expect(await select(path, asked)).toEqual([nRows, 10_000, nRows - 1]);
});
