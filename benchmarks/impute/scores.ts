import { isMissing, rowCount, type Column, type NumberColumn } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import { type Field, isNumberField, type TableSchema } from "../../src/table/schema";
import type { Holes } from "./holes";

/** How near a completed table comes to the cells that were held out of it. */
export interface ImputeScores {
  /** share of the categories that are right, over all such cells */
  accuracy: number;
  /** root mean square error and mean error of numbers, by the column's standard deviation in `learnt`; mean over columns */
  rmse: number;
  mae: number;
}

/**
 * @param learnt rows that the subjects learnt from
 * @param filled path of the completed table
 * @throws Error where a cell is still missing, or one that was given is another
 */
export async function scoresOf(
  schema: TableSchema,
  learnt: readonly Column[],
  { truth, holes }: Holes,
  filled: string,
): Promise<ImputeScores> {
  const open = { fields: schema.fields.map(opened) } as TableSchema;
  const read = async (path: string): Promise<Column[]> =>
    toColumns(await readTable(path), open, { unknown: "extend" });
  const [real, given, guessed] = [await read(truth), await read(holes), await read(filled)];
  let right = 0;
  let categories = 0;
  const errors: { rmse: number; mae: number }[] = [];
  real.forEach((column, f) => {
    const rows = heldOut(column, given[f]!, guessed[f]!);
    const guess = guessed[f]!;
    if (column.kind === "number" && guess.kind === "number") {
      const unit = 10 ** DECIMALS * deviation(learnt[f] as NumberColumn);
      const apart = rows.map((row) => Math.abs(guess.scaled[row]! - column.scaled[row]!) / unit);
      errors.push({ rmse: Math.sqrt(mean(apart.map((x) => x * x))), mae: mean(apart) });
    } else {
      categories += rows.length;
      right += rows.filter((row) => textOf(column, row) === textOf(guess, row)).length;
    }
  });
  return {
    accuracy: right / categories,
    rmse: mean(errors.map(({ rmse }) => rmse)),
    mae: mean(errors.map(({ mae }) => mae)),
  };
}

/** Means are not rounded to the column's precision here. */
const DECIMALS = 6;

/** A field of cells that may be missing, and of numbers that may lie anywhere. */
function opened(field: Field): Field {
  const any = { ...field, missingValues: ["", ...field.missingValues] };
  if (!isNumberField(any)) return any;
  const { numberFormat } = any;
  return { ...any, numberFormat: { ...numberFormat, decimals: numberFormat.decimals + DECIMALS } };
}

/** The rows whose cell of a column was held out. */
function heldOut(truth: Column, given: Column, guessed: Column): number[] {
  const rows = Array.from({ length: rowCount([truth]) }, (_, row) => row);
  const strange = rows.find(
    (row) =>
      isMissing(guessed, row) || (!isMissing(given, row) && textOf(guessed, row) !== textOf(truth, row)),
  );
  if (strange !== undefined) {
    throw new Error(
      `row ${strange + 1}, column ${truth.name}: ${textOf(truth, strange)} became ${textOf(guessed, strange)}`,
    );
  }
  return rows.filter((row) => isMissing(given, row));
}

function textOf(column: Column, row: number): string | number | null | undefined {
  if (column.kind === "category") return column.values[column.codes[row]!];
  return column.kind === "text" ? column.values[row] : column.scaled[row];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function deviation({ scaled }: NumberColumn): number {
  const values = [...scaled].filter((value) => !Number.isNaN(value));
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}
