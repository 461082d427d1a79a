import { TextColumnBuilder, type TableSource } from "../../src/table/source";

/** A table from its column names and rows of text. */
export function tableOf(names: string[], rows: (string | null)[][]): TableSource {
  const columns = names.map((name, i) => {
    const builder = new TextColumnBuilder(name);
    for (const row of rows) builder.push(row[i] ?? null);
    return builder.finish();
  });
  return { path: "table.csv", names, nRows: rows.length, columns };
}

/** One column's cells as a table. */
export function columnOf(cells: (string | null)[], name = "x"): TableSource {
  return tableOf(
    [name],
    cells.map((cell) => [cell]),
  );
}

/** The cells of a table as text, row by row. */
export function rowsOf(table: TableSource): (string | null)[][] {
  return Array.from({ length: table.nRows }, (_, i) =>
    table.columns.map(({ texts, codes }) => texts[codes[i]!] ?? null),
  );
}
