import { HarmonicError } from "../errors";
import type { Column } from "../table/columns";

/** The error of row i (from 0) of a column, whose value its schema does not have. */
export function unfit(column: Column, i: number): HarmonicError {
  return new HarmonicError(
    "E_INPUT",
    `row ${i + 1}, column "${column.name}": ${shownCell(column, i)} does not fit the column's schema`,
    { hint: "infer the schema from this table, or correct its enum, minimum, maximum or required" },
  );
}

/** A cell as messages show it. */
function shownCell(column: Column, i: number): string {
  if ("scaled" in column) {
    const scaled = column.scaled[i]!;
    if (Number.isNaN(scaled)) return "a missing value";
    return String(scaled / 10 ** (column.kind === "number" ? column.decimals : 0));
  }
  const value = column.kind === "category" ? column.values[column.codes[i]!] : column.values[i];
  return value === undefined || value === null ? "a missing value" : JSON.stringify(value);
}
