import { HarmonicError } from "../errors";
import { checkCsv, type CsvShape } from "./check-csv";
import { quotePath, quoteText } from "./duckdb";
import { readColumns, readWithDuckDb, rowsOf } from "./read-duckdb";
import { checkNames } from "./names";
import type { TextColumn } from "./source";

/** Reads a CSV or TSV file; a delimiter that is not given is found from the header. Errors name the line. */
export async function readCsv(path: string, delimiter?: string): Promise<TextColumn[]> {
  if (delimiter !== undefined && !/^[^\x80-\uffff"\r\n ]$/.test(delimiter)) {
    throw new HarmonicError(
      "E_USAGE",
      `expected one ASCII character for \`delimiter\` but received ${JSON.stringify(delimiter)}`,
      { hint: 'such as "," or ";"; no quote, space or line end' },
    );
  }
  const shape = await checkCsv(path, delimiter);
  if (shape.nRecords === 0) {
    throw new HarmonicError("E_INPUT", `${path} is empty: expected a header line and rows`, {
      hint: "check that the file was written completely",
    });
  }
  return await readWithDuckDb(path, "CSV", async (connection) => {
    const records = recordsOf(path, shape);
    const [header] = await rowsOf(connection, `${records} LIMIT 1`);
    const names = header!.map((name) => (name as string | null) ?? "");
    checkNames(path, names);
    const nRows = shape.nRecords - 1;
    if (nRows === 0) {
      throw new HarmonicError("E_INPUT", `${path} has a header but no rows`, {
        hint: "the first line is read as column names; add at least one row below it",
      });
    }
    const columns = await readColumns(connection, path, names, `${records} OFFSET 1`);
    const nRead = columns[0]!.codes.length;
    if (nRead !== nRows) {
      throw new HarmonicError("E_INPUT", `${path}: DuckDB read ${nRead} of its ${nRows} rows`, {
        hint: "put every cell that holds quotes or line ends in double quotes",
      });
    }
    return columns;
  });
}

/**
 * The SQL of all records as text, the header first. Nothing is left for DuckDB to guess; it is not strict, so that
 * line ends may be mixed: what else that lets pass, the check has refused. One thread, which no quoted line end
 * can confuse.
 */
function recordsOf(path: string, { delimiter, nColumns, longest }: CsvShape): string {
  const columns = Array.from({ length: nColumns }, (_, i) => `'c${i}': 'VARCHAR'`);
  const options = [
    "auto_detect = false, header = false, compression = 'none', hive_partitioning = false",
    `columns = {${columns.join(", ")}}, delim = ${quoteText(delimiter)}, quote = '"', escape = '"'`,
    `strict_mode = false, parallel = false, max_line_size = ${Math.max(2_000_000, 2 * longest)}`,
    // An empty cell in quotes stays empty text: in a lone column it is a missing cell, and a blank line is no row.
    "allow_quoted_nulls = false",
  ];
  const table = `read_csv(${quotePath(path)}, ${options.join(", ")})`;
  return `SELECT * FROM ${table}${nColumns === 1 ? " WHERE c0 IS NOT NULL" : ""}`;
}
