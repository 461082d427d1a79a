import { HarmonicError } from "../errors";
import { concatenate } from "../table/concatenate";
import { toColumns } from "../table/convert";
import { inferSchema, type InferOptions } from "../table/infer";
import { didYouMean } from "../table/names";
import { readTable } from "../table/read";
import { isCategoryField, type TableSchema } from "../table/schema";
import type { TableSource } from "../table/source";
import type { EvaluateOptions, NamedTable } from "./evaluate";

export interface TablePaths {
  train: string;
  test: string;
  holdout?: string | undefined;
  /** name and path of each table to score */
  synthetic: readonly { name: string; path: string }[];
}

export interface ReadTablesOptions extends InferOptions {
  /** default: inferred from all the real tables together */
  schema?: TableSchema | undefined;
}

type Tables = Pick<EvaluateOptions, "schema" | "train" | "test" | "holdout" | "synthetic">;

/**
 * Reads the tables of an evaluation through one schema. Synthetic numbers and dates may lie outside the real range,
 * texts may be any; other columns and categories that no real table has are E_INPUT, naming file, column and value.
 */
export async function readTables(paths: TablePaths, options: ReadTablesOptions = {}): Promise<Tables> {
  const train = await readTable(paths.train);
  const test = await readTable(paths.test);
  const holdout = paths.holdout === undefined ? undefined : await readTable(paths.holdout);
  for (const source of [test, holdout]) if (source) checkColumns(source, train.names, paths.train);
  const real = [train, test, ...(holdout ? [holdout] : [])];
  const schema = options.schema ?? inferSchema(concatenate(real), options);
  const names = schema.fields.map(({ name }) => name);
  const synthetic: NamedTable[] = [];
  for (const { name, path } of paths.synthetic) {
    const source = await readTable(path);
    checkColumns(source, names, options.schema ? "the schema" : paths.train);
    const columns = toColumns(source, schema, { unknown: "extend" });
    checkCategories(columns, source, schema);
    synthetic.push({ name, columns });
  }
  return {
    schema,
    train: toColumns(train, schema),
    test: toColumns(test, schema),
    ...(holdout ? { holdout: toColumns(holdout, schema) } : {}),
    synthetic,
  };
}

/** Refuses a table without the columns of the other, or with more. */
function checkColumns(source: TableSource, names: readonly string[], other: string): void {
  const missing = names.find((name) => !source.names.includes(name));
  if (missing !== undefined) {
    throw new HarmonicError(
      "E_INPUT",
      `${source.path} has no column "${missing}", which ${other} has${didYouMean(missing, source.names)}`,
      { hint: `its columns are: ${source.names.join(", ")}` },
    );
  }
  const extra = source.names.find((name) => !names.includes(name));
  if (extra !== undefined) {
    throw new HarmonicError(
      "E_INPUT",
      `${source.path} has a column "${extra}", which ${other} does not have`,
      {
        hint: "leave the column out, or compare with tables that have it",
      },
    );
  }
}

function checkCategories(columns: NamedTable["columns"], source: TableSource, schema: TableSchema): void {
  schema.fields.forEach((field, i) => {
    const column = columns[i]!;
    if (!isCategoryField(field) || column.kind !== "category") return;
    const nKnown = field.constraints.enum.length;
    const unknown = column.values[nKnown];
    if (unknown === undefined) return;
    const row = column.codes.indexOf(nKnown) + 1;
    throw new HarmonicError(
      "E_INPUT",
      `${source.path}: row ${row}, column "${field.name}": "${unknown}" is no value of the real tables` +
        didYouMean(unknown, field.constraints.enum.slice(0, 1000)),
      { hint: "correct the value, or add it to the column's enum in the schema" },
    );
  });
}
