import { HarmonicError } from "../errors";
import { rowCount, type Column, type NumberColumn } from "../table/columns";
import { fromScaled } from "../table/number";
import type { TableSchema } from "../table/schema";
import { rangeOf } from "./encoding";

/** Points in double precision, in which the original breaks its ties. */
export interface DoublePoints {
  /** shape (n, d), row-major */
  data: Float64Array;
  n: number;
  d: number;
}

/**
 * The original method's encoding: categories numbered in sorted order and not scaled, numbers scaled to [0, 1],
 * the target as the number that it is. Missing values and targets that are no numbers are E_INPUT, as they are
 * errors there.
 */
export function encodeCompat(columns: readonly Column[], schema: TableSchema): DoublePoints {
  const n = rowCount(columns);
  const d = columns.length;
  const data = new Float64Array(n * d);
  columns.forEach((column, j) => {
    const valueAt = column.name === schema.target ? labelOf(column) : featureOf(column);
    for (let i = 0; i < n; i++) {
      const value = valueAt(i);
      if (Number.isNaN(value)) {
        throw new HarmonicError("E_INPUT", `row ${i + 1}, column "${column.name}": a missing value`, {
          hint: "the original method has no missing values: fill the cell, or leave out --compat",
        });
      }
      data[i * d + j] = value;
    }
  });
  return { data, n, d };
}

function featureOf(column: Column): (i: number) => number {
  if (column.kind === "category") {
    // Numbered among the values that occur, as a label encoder fitted on this table does.
    const present = [...new Set(column.codes)].filter((code) => code >= 0).sort((a, b) => a - b);
    const label = new Map(present.map((code, i) => [code, i]));
    return (i) => label.get(column.codes[i]!) ?? NaN;
  }
  const numbers = numbersOf(column);
  const { minimum, maximum } = rangeOf(numbers);
  // In the order of scikit-learn's MinMaxScaler, which rounds otherwise than (x - minimum) / (maximum - minimum).
  const scale = 1 / (maximum > minimum ? maximum - minimum : 1);
  const shift = 0 - minimum * scale;
  return (i) => fromScaled(numbers.scaled[i]!, numbers.decimals) * scale + shift;
}

/** The original knows numbers and categories alone; so does the schema that is inferred for it. */
function numbersOf(column: Column): NumberColumn {
  if (column.kind === "number") return column;
  throw new HarmonicError(
    "E_INPUT",
    `column "${column.name}": the original method has no ${column.kind} columns`,
    {
      hint: "leave out --schema, or --compat",
    },
  );
}

function labelOf(column: Column): (i: number) => number {
  if (column.kind !== "category") {
    const { scaled, decimals } = numbersOf(column);
    return (i) => fromScaled(scaled[i]!, decimals);
  }
  const numbers = column.values.map((value) => {
    const number = value.trim() === "" ? NaN : Number(value);
    if (Number.isFinite(number)) return number;
    throw new HarmonicError(
      "E_INPUT",
      `the target column "${column.name}" holds "${value}": expected numbers`,
      {
        hint: "the original method's labels are numbers such as 0 and 1: rename them, or leave out --compat",
      },
    );
  });
  return (i) => numbers[column.codes[i]!] ?? NaN;
}
