import { hasTime, toDays, toSeconds } from "./calendar";

/**
 * A table as typed arrays, one entry a column in schema order: what every numeric stage works on.
 * Made from Arrow record batches by `toColumns` and turned back by `toRecordBatch`.
 */
export type Column = CategoryColumn | NumberColumn | DateColumn | FreeTextColumn;

export interface CategoryColumn {
  kind: "category";
  name: string;
  /** the schema's enum */
  values: string[];
  /** index into values, -1 missing; shape (n) */
  codes: Int32Array;
}

export interface NumberColumn {
  kind: "number";
  name: string;
  /** digits after the point */
  decimals: number;
  /** the integer value * 10^decimals, NaN missing; shape (n) */
  scaled: Float64Array;
}

export interface DateColumn {
  kind: "date";
  name: string;
  /** the ISO digits as one integer, 20240131 or 20240131235959 (always to the second), NaN missing; shape (n) */
  scaled: Float64Array;
}

/** Texts and identifiers. */
export interface FreeTextColumn {
  kind: "text";
  name: string;
  /** null missing; shape (n) */
  values: (string | null)[];
}

/** Dates on an even scale, as numbers: days since 1970-01-01, seconds where they have a time. */
export function dateNumbers({ name, scaled }: DateColumn): NumberColumn {
  const unit = scaled.some(hasTime) ? toSeconds : toDays;
  return {
    kind: "number",
    name,
    decimals: 0,
    scaled: scaled.map((digits) => (digits === digits ? unit(digits) : NaN)),
  };
}

/** The rows with these ids, in their order. */
export function selectRows(columns: readonly Column[], ids: ArrayLike<number>): Column[] {
  return columns.map((column) => {
    if (column.kind === "category") {
      const codes = new Int32Array(ids.length);
      for (let i = 0; i < ids.length; i++) codes[i] = column.codes[ids[i]!]!;
      return { ...column, codes };
    }
    if (column.kind === "text") {
      return { ...column, values: Array.from(ids, (id) => column.values[id]!) };
    }
    const scaled = new Float64Array(ids.length);
    for (let i = 0; i < ids.length; i++) scaled[i] = column.scaled[ids[i]!]!;
    return { ...column, scaled };
  });
}

/** Rows of a table in columns. */
export function rowCount(columns: readonly Column[]): number {
  const first = columns[0];
  if (!first) return 0;
  if (first.kind === "category") return first.codes.length;
  return first.kind === "text" ? first.values.length : first.scaled.length;
}

/** True where the cell has no value. */
export function isMissing(column: Column, row: number): boolean {
  switch (column.kind) {
    case "category":
      return column.codes[row]! < 0;
    case "text":
      return column.values[row] === null;
    default:
      return Number.isNaN(column.scaled[row]!);
  }
}
