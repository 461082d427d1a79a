import { HarmonicError } from "../errors";
import { Random } from "../random";
import { columnOfValues } from "../rules/cells";
import { emptyColumn } from "../rules/condition-domain";
import { type Domain, sizeOf, valuesOf } from "../rules/domain";
import type { Column, FreeTextColumn } from "../table/columns";
import { toColumns } from "../table/convert";
import { didYouMean } from "../table/names";
import { parseDecimal } from "../table/number";
import {
  type Field,
  type IdentifierField,
  isDateField,
  isNumberField,
  type TableSchema,
} from "../table/schema";
import type { TableSource } from "../table/source";

/** Cells that the rows to draw have already. */
export interface GivenRows {
  /** where they come from, for messages */
  name: string;
  /** the distinct rows, in the schema's order; cells to draw are missing */
  columns: Column[];
  /** fields that cells are given of; where one of them is to be drawn it gets a value */
  fields: readonly number[];
  /** which of the rows a row to draw has, by its number */
  rowOf: (row: number) => number;
  /** rows to draw, where that is known by them */
  rows?: number;
  /** identifiers that they have, which rows keep */
  identifiers?: FreeTextColumn[];
}

export interface GivenTableOptions {
  /** rows to draw for each [1] */
  each?: number;
  /** of the table, which the model does not write */
  identifiers?: readonly IdentifierField[] | undefined;
  /** whether numbers and dates may lie outside the schema's range [false] */
  anyRange?: boolean;
}

/** Most values that --balance goes through. */
const MOST_BALANCED = 1000;

/**
 * The rows of a table that is to be completed, each `each` times: an empty cell, or one of the column's missing markers,
 * is drawn.
 * @throws E_INPUT for a column that the schema does not have, or a value that it does not allow
 */
export function givenTable(
  source: TableSource,
  schema: TableSchema,
  { each = 1, identifiers = [], anyRange = false }: GivenTableOptions = {},
): GivenRows {
  const named = identifiers.filter(({ name }) => source.names.includes(name));
  const names = source.names.filter((name) => named.every((field) => field.name !== name));
  const { columns, fields } = cellsOf(source, names, schema, anyRange);
  if (source.nRows === 0) throw new HarmonicError("E_INPUT", `${source.path} has no rows`);
  return {
    name: source.path,
    columns,
    fields,
    rowOf: (row) => Math.floor(row / each) % source.nRows,
    rows: source.nRows * each,
    // Kept as they are: what they are made of is nothing to the model.
    identifiers: toColumns(source, { fields: named.map(open) }, { unknown: "extend" }) as FreeTextColumn[],
  };
}

/** Every value of a column equally often. @throws E_USAGE */
export function balanced(name: string, schema: TableSchema, domains: readonly Domain[]): GivenRows {
  const names = schema.fields.map((field) => field.name);
  const column = names.indexOf(name);
  if (column < 0) {
    throw new HarmonicError(
      "E_USAGE",
      `expected a column for \`balance\` but received "${name}"${didYouMean(name, names)}`,
      { hint: `the columns are: ${names.join(", ")}` },
    );
  }
  const domain = { ...domains[column]!, missing: false };
  const isText = emptyColumn(schema.fields[column]!).kind === "text";
  if (isText || sizeOf(domain) > MOST_BALANCED) {
    throw new HarmonicError(
      "E_USAGE",
      `expected a column of at most ${MOST_BALANCED} values for \`balance\` but "${name}" has more`,
      { hint: "balance a column of categories, or restrict it with --where" },
    );
  }
  const values = [...valuesOf(domain)];
  const columns = withValues(schema, new Map([[column, values]]), values.length);
  return { name: "--balance", columns, fields: [column], rowOf: (row) => row % values.length };
}

/** The golden ratio's fractional part: its multiples fill the unit interval evenly from the first on. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Rows of a table, each as often as its last column, "weight", says: of any number of rows the shares are kept as nearly
 * as can be, and which row a number has depends on (seed, number) alone.
 * @throws E_INPUT for weights that are no numbers of 0 or more
 */
export function weighted(source: TableSource, schema: TableSchema, seed: number): GivenRows {
  const { path, names, nRows } = source;
  if (names.length < 2 || names.at(-1)?.toLowerCase() !== "weight") {
    throw new HarmonicError("E_INPUT", `${path}: expected columns and, as the last, "weight"`, {
      hint: "for instance: income,weight on the first line, then <=50K,3 and >50K,1",
    });
  }
  const { texts, codes } = source.columns.at(-1)!;
  const sums = new Float64Array(nRows);
  let sum = 0;
  for (let row = 0; row < nRows; row++) {
    const text = texts[codes[row]!];
    const weight = text !== undefined && parseDecimal(text) ? Number(text) : NaN;
    if (!(weight >= 0)) {
      throw new HarmonicError(
        "E_INPUT",
        `${path}: row ${row + 1}, column "weight": expected a number of 0 or more but found "${text ?? ""}"`,
      );
    }
    sums[row] = sum += weight;
  }
  if (!(sum > 0)) throw new HarmonicError("E_INPUT", `${path}: expected a weight above 0`);
  const { columns, fields } = cellsOf(source, names.slice(0, -1), schema);
  const start = new Random(seed).derive("weights").nextFloat();
  const rowOf = (row: number): number => {
    const at = ((start + row * GOLDEN) % 1) * sum;
    let low = 0;
    let high = nRows - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return { name: path, columns, fields, rowOf };
}

/** Columns of a table in the schema's order and types; a column that it does not have is missing throughout. */
function cellsOf(
  source: TableSource,
  names: readonly string[],
  schema: TableSchema,
  anyRange = false,
): Pick<GivenRows, "columns" | "fields"> {
  const known = schema.fields.map((field) => field.name);
  const strange = names.find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new HarmonicError(
      "E_INPUT",
      `${source.path} has a column "${strange}", which the model does not write${didYouMean(strange, known)}`,
      { hint: `its columns are: ${known.join(", ")}` },
    );
  }
  const fields = names.map((name) => known.indexOf(name)).sort((a, b) => a - b);
  const opened = fields.map((f) => open(anyRange ? unbounded(schema.fields[f]!) : schema.fields[f]!));
  const found = toColumns(source, { fields: opened });
  const columns = withValues(schema, new Map(), source.nRows);
  fields.forEach((f, i) => (columns[f] = found[i]!));
  return { columns, fields };
}

/** A field whose cells may be missing. */
function open(field: Field): Field {
  const missingValues = [...new Set([...field.missingValues, ""])];
  return { ...field, missingValues, constraints: { ...field.constraints, required: false } } as Field;
}

/** A number or date of any size. */
function unbounded(field: Field): Field {
  if (isNumberField(field)) {
    return { ...field, constraints: { ...field.constraints, minimum: -Infinity, maximum: Infinity } };
  }
  if (!isDateField(field)) return field;
  const time = field.type === "datetime" ? ["T00:00:00", "T23:59:59"] : ["", ""];
  const [minimum, maximum] = [`0001-01-01${time[0]}`, `9999-12-31${time[1]}`];
  return { ...field, constraints: { ...field.constraints, minimum, maximum } };
}

function withValues(
  schema: TableSchema,
  values: ReadonlyMap<number, readonly (number | undefined)[]>,
  nRows: number,
): Column[] {
  const none = Array.from({ length: nRows }, () => undefined);
  return schema.fields.map((field, f) => columnOfValues(emptyColumn(field), values.get(f) ?? none));
}
