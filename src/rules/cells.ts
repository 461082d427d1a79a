import type { Column } from "../table/columns";

/** A cell as domains and combinations know it: a code or a scaled value; undefined where it is missing. */
export function cellValue(column: Column, row: number): number | undefined {
  if (column.kind === "text") return column.values[row] === null ? undefined : 0;
  const value = column.kind === "category" ? column.codes[row]! : column.scaled[row]!;
  return column.kind === "category"
    ? value < 0
      ? undefined
      : value
    : Number.isNaN(value)
      ? undefined
      : value;
}

/** A column of codes or scaled values as a table's, for conditions that are tried on all of them. */
export function columnOfValues(like: Column, values: readonly (number | undefined)[]): Column {
  switch (like.kind) {
    case "category":
      return { ...like, codes: Int32Array.from(values, (value) => value ?? -1) };
    case "text":
      return { ...like, values: values.map((value) => (value === undefined ? null : "")) };
    default:
      return { ...like, scaled: Float64Array.from(values, (value) => value ?? NaN) };
  }
}
