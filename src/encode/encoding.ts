import {
  dateNumbers,
  rowCount,
  type CategoryColumn,
  type Column,
  type DateColumn,
  type NumberColumn,
} from "../table/columns";
import { fromScaled } from "../table/number";
import type { TableSchema } from "../table/schema";

/** Rows as points in which squared Euclidean distance means how much two rows differ. */
export interface Points {
  /** shape (n, d), row-major */
  data: Float32Array;
  n: number;
  d: number;
}

/** How a table becomes points: fitted on one table, good for every table of its schema. */
export interface Encoding {
  d: number;
  /** what each dimension holds: "age", "job=clerk", "age missing" */
  names: string[];
  encode(columns: readonly Column[]): Points;
}

export interface EncodingOptions {
  /** whether the target counts in the distance; default false */
  target?: boolean;
}

/** Most dimensions a category gets. Beyond, values share them: 1 pair in 256 of different values looks equal. */
const MAX_SLOTS = 256;

interface ColumnEncoder {
  names: string[];
  /** Writes the column's dimensions, the first at `at` of each row of `d` floats. */
  write(column: Column, data: Float32Array, d: number, at: number): void;
}

/**
 * The default encoding, after Gower (Biometrics 27, 1971): numbers scaled to [0, 1] by the range of `columns`,
 * categories one-hot at 1/sqrt(2), so that a mismatch costs as much as a full numeric range; a missing value is a
 * value of its own (a slot of a category; an indicator beside a number, whose value is then 0), as are values of
 * other tables that this one does not have. Dates count as numbers of days; texts and identifiers do not count.
 */
export function fitEncoding(
  columns: readonly Column[],
  schema: TableSchema,
  options: EncodingOptions = {},
): Encoding {
  const encoders = columns.map((column, i) => {
    const field = schema.fields[i]!;
    if (field.name === schema.target && !options.target) return undefined;
    if (column.kind === "text") return undefined;
    if (column.kind === "category") return categoryEncoder(column);
    return numberEncoder(asNumbers(column), !field.constraints.required);
  });
  const names = encoders.flatMap((encoder) => encoder?.names ?? []);
  const d = names.length;
  return {
    d,
    names,
    encode(table) {
      const n = rowCount(table);
      const data = new Float32Array(n * d);
      let at = 0;
      encoders.forEach((encoder, i) => {
        if (!encoder) return;
        encoder.write(table[i]!, data, d, at);
        at += encoder.names.length;
      });
      return { data, n, d };
    },
  };
}

function asNumbers(column: NumberColumn | DateColumn): NumberColumn {
  return column.kind === "date" ? dateNumbers(column) : column;
}

function numberEncoder(fitted: NumberColumn, mayMiss: boolean): ColumnEncoder {
  const { minimum, maximum } = rangeOf(fitted);
  const range = maximum > minimum ? maximum - minimum : 1;
  const name = fitted.name;
  return {
    names: mayMiss ? [name, `${name} missing`] : [name],
    write(column, data, d, at) {
      const { scaled, decimals } = asNumbers(column as NumberColumn | DateColumn);
      for (let i = 0; i < scaled.length; i++) {
        const value = fromScaled(scaled[i]!, decimals);
        if (!Number.isNaN(value)) data[i * d + at] = (value - minimum) / range;
        else if (mayMiss) data[i * d + at + 1] = 1;
      }
    },
  };
}

function categoryEncoder(fitted: CategoryColumn): ColumnEncoder {
  const { name, values } = fitted;
  const nShared = Math.min(values.length, MAX_SLOTS);
  const own = nShared === values.length ? values.map((value) => `${name}=${value}`) : undefined;
  const names = own ?? Array.from({ length: nShared }, (_, slot) => `${name} #${slot}`);
  return {
    names: [...names, `${name} missing`, `${name} unknown`],
    write(column, data, d, at) {
      const { codes } = column as CategoryColumn;
      for (let i = 0; i < codes.length; i++) {
        const code = codes[i]!;
        const slot = code < 0 ? nShared : code < values.length ? code % nShared : nShared + 1;
        data[i * d + at + slot] = Math.SQRT1_2;
      }
    },
  };
}

/** Least and greatest value present; 0 and 0 where all are missing. */
export function rangeOf({ scaled, decimals }: NumberColumn): { minimum: number; maximum: number } {
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const value of scaled) {
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  if (minimum > maximum) return { minimum: 0, maximum: 0 };
  return { minimum: fromScaled(minimum, decimals), maximum: fromScaled(maximum, decimals) };
}
