import type { RecordBatch } from "apache-arrow";
import { columnsFromBatches } from "./from-batches";
import type { Column } from "./columns";
import { cellFormatter } from "./convert";
import { formatScaled } from "./number";
import { isNumberField, type Field, type TableSchema } from "./schema";

// Not by DuckDB: rows leave as they come, and numbers keep the exact text of their column's format.

/** CSV text of a table, in each column's own format; missing cells as the column's first missing marker. */
export async function* csvText(
  batches: AsyncIterable<RecordBatch>,
  schema: TableSchema,
  delimiter = ",",
): AsyncGenerator<string> {
  const quote = (text: string): string => quoteCell(text, delimiter, schema.fields.length === 1);
  yield schema.fields.map((field) => quote(field.name)).join(delimiter) + "\n";
  for await (const batch of batches) {
    yield rowsText(batch, schema, (field, column) => cellTexts(field, column, quote), {
      open: "",
      between: delimiter,
      close: "\n",
    });
  }
}

/** One JSON object a line: numbers as numbers in the column's format, missing as null. */
export async function* jsonText(
  batches: AsyncIterable<RecordBatch>,
  schema: TableSchema,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield rowsText(batch, schema, jsonCells, { open: "{", between: ",", close: "}\n" });
  }
}

type Cells = (i: number) => string;

function rowsText(
  batch: RecordBatch,
  schema: TableSchema,
  cellsOf: (field: Field, column: Column) => Cells,
  { open, between, close }: { open: string; between: string; close: string },
): string {
  const columns = columnsFromBatches([batch], schema);
  const cells = schema.fields.map((field, f) => cellsOf(field, columns[f]!));
  let text = "";
  for (let i = 0; i < batch.numRows; i++) {
    text += open;
    for (let f = 0; f < cells.length; f++) text += (f === 0 ? "" : between) + cells[f]!(i);
    text += close;
  }
  return text;
}

/** A column's cells as text, each category quoted once. */
function cellTexts(field: Field, column: Column, quote: (text: string) => string): Cells {
  const missing = quote(field.missingValues[0] ?? "");
  if (column.kind === "category") {
    const texts = column.values.map(quote);
    return (i) => texts[column.codes[i]!] ?? missing;
  }
  const format = cellFormatter(field, column);
  return (i) => {
    const text = format(i);
    return text === undefined ? missing : quote(text);
  };
}

/** Numbers as JSON has them; those of fixed width are strings, dates too. */
function jsonCells(field: Field, column: Column): Cells {
  const key = `${JSON.stringify(field.name)}:`;
  if (column.kind === "category") {
    const toJson = (value: string): string =>
      field.type === "boolean" && /^(true|false)$/i.test(value) ? value.toLowerCase() : JSON.stringify(value);
    const texts = column.values.map((value) => key + toJson(value));
    return (i) => texts[column.codes[i]!] ?? `${key}null`;
  }
  if (column.kind === "number" && isNumberField(field) && field.numberFormat.width === undefined) {
    const { minDecimals } = field.numberFormat;
    return (i) => {
      const scaled = column.scaled[i]!;
      return key + (Number.isNaN(scaled) ? "null" : formatScaled(scaled, column.decimals, minDecimals));
    };
  }
  const format = cellFormatter(field, column);
  const isNumber = field.type === "integer" && column.kind === "text";
  return (i) => {
    const text = format(i);
    if (text === undefined) return `${key}null`;
    return key + (isNumber ? text : JSON.stringify(text));
  };
}

function quoteCell(text: string, delimiter: string, only: boolean): string {
  // An empty cell alone on its line would read as a blank line.
  if (text === "") return only ? '""' : "";
  const needsQuotes = text.includes(delimiter) || /["\r\n]/.test(text);
  return needsQuotes ? `"${text.replaceAll('"', '""')}"` : text;
}
