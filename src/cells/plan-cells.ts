import { HarmonicError } from "../errors";
import type { CategoryColumn, Column, DateColumn, NumberColumn } from "../table/columns";
import { type Field, isDateField, isIdentifierField, type TableSchema } from "../table/schema";
import { quantileBins } from "./bins";
import { countValues, type Counts } from "./counts";
import { partsOf } from "./date-cells";
import { isToldFinely } from "./detail";
import { freeText } from "./free-text";
import type { CellPlan, ColumnPlan } from "./plan";

export interface CellOptions {
  /**
   * what numbers of very many values become; dates are by parts, unless they are to be bins. Auto: bins, which are one
   * token and learnt from fewer rows, but digits where another column tells the number more finely than a bin [auto]
   */
  numbers?: "auto" | "bins" | "digits" | undefined;
  /** categories that fewer rows have are neither learnt nor drawn [0] */
  protectRare?: number | undefined;
}

/** Values of a number or date up to which each has a token of its own. */
const MOST_VALUES = 256;
/** Tokens for numbers of all columns, about: of a wide table each gets its share of them. */
const NUMBER_TOKENS = 65_536;
const FEWEST_VALUES = 16;
/** Tokens that a table may have. */
const MOST_TOKENS = 262_144;

/** How the columns of a table become tokens, by the rows trained on. @throws E_USAGE, E_INPUT */
export function planCells(schema: TableSchema, columns: readonly Column[], options: CellOptions): CellPlan {
  const fields = schema.fields.filter((field) => !isIdentifierField(field));
  const nNumbers = columns.filter((column) => "scaled" in column).length;
  const mostValues = Math.min(MOST_VALUES, Math.max(FEWEST_VALUES, Math.floor(NUMBER_TOKENS / nNumbers)));
  return {
    columns: fields.map((field) => {
      const column = columns.find(({ name }) => name === field.name)!;
      switch (column.kind) {
        case "text":
          throw freeText(field);
        case "category":
          return planCategories(column, options.protectRare ?? 0);
        default:
          return planNumbers(field, column, columns, mostValues, options.numbers ?? "auto");
      }
    }),
  };
}

function planCategories({ name, values, codes }: CategoryColumn, protectRare: number): ColumnPlan {
  const rows = new Int32Array(values.length);
  let nMissing = 0;
  for (const code of codes) {
    if (code < 0) nMissing++;
    else rows[code]!++;
  }
  const kept = values.filter((_, code) => rows[code]! >= Math.max(1, protectRare));
  const missing = nMissing > 0;
  if (kept.length > MOST_TOKENS) {
    throw new HarmonicError(
      "E_INPUT",
      `column "${name}" has ${kept.length} categories: a table model has room for ${MOST_TOKENS}`,
      { hint: "leave the column out, or raise --protect-rare" },
    );
  }
  if (kept.length === 0 && !missing) {
    throw new HarmonicError(
      "E_INPUT",
      `column "${name}": fewer than ${protectRare} rows have each of its ${values.length} values, so none may be learnt`,
      { hint: "leave the column out, or lower --protect-rare" },
    );
  }
  return { name, kind: "categories", missing, values: kept, rare: kept.length < values.length };
}

function planNumbers(
  field: Field,
  column: NumberColumn | DateColumn,
  columns: readonly Column[],
  mostValues: number,
  numbers: NonNullable<CellOptions["numbers"]>,
): ColumnPlan {
  const { name } = field;
  const { scaled } = column;
  const missing = scaled.some(Number.isNaN);
  const found = countValues(scaled);
  if (found.values.length <= mostValues) return { name, kind: "values", missing, ...found };
  if (isDateField(field) && numbers !== "bins")
    return { name, missing, ...dateParts(found, field.type === "datetime") };
  const nBins = binCount(scaled.length, mostValues);
  const asDigits = numbers === "digits" || (numbers === "auto" && isToldFinely(column, columns, 1 / nBins));
  if (asDigits) return { name, missing, ...digitsOf(found.values) };
  const bins = quantileBins(found, nBins);
  return {
    ...{ name, kind: "bins", missing },
    values: bins.map(({ values }) => values),
    counts: bins.map(({ counts }) => counts),
  };
}

/** More bins where there are more rows to learn each from. */
function binCount(nRows: number, mostValues: number): number {
  return Math.min(mostValues, Math.max(FEWEST_VALUES, Math.round(2 * Math.sqrt(nRows))));
}

function dateParts(
  { values, counts }: Counts,
  withTime: boolean,
): Omit<ColumnPlan & { kind: "dates" }, "name" | "missing"> {
  const parts = Array.from({ length: withTime ? 6 : 3 }, () => new Map<number, number>());
  values.forEach((value, v) => {
    partsOf(value, parts.length).forEach((part, p) =>
      parts[p]!.set(part, (parts[p]!.get(part) ?? 0) + counts[v]!),
    );
  });
  const sorted = parts.map((rows) => [...rows].sort((a, b) => a[0] - b[0]));
  return {
    kind: "dates",
    values: sorted.map((rows) => rows.map(([part]) => part)),
    counts: sorted.map((rows) => rows.map(([, count]) => count)),
  };
}

function digitsOf(values: readonly number[]): Omit<ColumnPlan & { kind: "digits" }, "name" | "missing"> {
  let zeros = 0;
  while (values.every((value) => value % 10 ** (zeros + 1) === 0)) zeros++;
  const largest = Math.max(Math.abs(values[0]!), Math.abs(values.at(-1)!)) / 10 ** zeros;
  return { kind: "digits", width: String(largest).length, zeros, signed: values[0]! < 0 };
}

/** @throws E_INPUT with the figure where a table has more tokens than a model should */
export function checkSize(nTokens: number, fields: readonly Field[]): void {
  if (nTokens <= MOST_TOKENS) return;
  throw new HarmonicError(
    "E_INPUT",
    `the ${fields.length} columns have ${nTokens} values to tell apart: a table model has room for ${MOST_TOKENS}`,
    { hint: "leave columns of very many categories out, or raise --protect-rare" },
  );
}
