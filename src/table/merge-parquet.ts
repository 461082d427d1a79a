import { throwIfAborted } from "../progress";
import { quotePath, withDuckDb } from "./duckdb";
import { writeParquetRows, type ParquetColumn, type ParquetRows } from "./parquet-sink";
import { strangePart } from "./strange-part";

/** Writes the rows of Parquet files, one file behind another, as one file. */
export async function mergeParquet(
  files: readonly string[],
  out: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await withDuckDb(
    async (connection) => {
      const columnsOf = async (file: string): Promise<ParquetColumn[]> => {
        const empty = await connection.run(`SELECT * FROM read_parquet(${quotePath(file)}) LIMIT 0`);
        return empty.columnNames().map((name, c) => ({ name, type: empty.columnType(c) }));
      };
      const describe = (columns: ParquetColumn[]): string =>
        columns.map(({ name, type }) => `"${name}" ${String(type)}`).join(", ");
      const columns = await columnsOf(files[0]!);
      const pieces = async function* (): AsyncGenerator<ParquetRows> {
        for (const file of files) {
          const own = describe(await columnsOf(file));
          if (own !== describe(columns)) throw strangePart(file, files[0]!, `the columns ${own}`);
          const rows = await connection.stream(`SELECT * FROM read_parquet(${quotePath(file)})`);
          for (;;) {
            throwIfAborted(signal, "merging");
            const chunk = await rows.fetchChunk();
            if (!chunk || chunk.rowCount === 0) break;
            yield chunk.getColumns();
          }
        }
      };
      await writeParquetRows(out, columns, pieces());
    },
    { threads: "1" },
  );
}
