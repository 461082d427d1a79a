import { toColumns } from "../../src/table/convert";
import type { Column } from "../../src/table/columns";
import { inferSchema } from "../../src/table/infer";
import type { TableSchema } from "../../src/table/schema";
import { TextColumnBuilder, type TableSource } from "../../src/table/source";
import reference from "./reference/evaluate.json";

type Rows = Record<string, (string | number)[]>;

export type TableName = "train" | "test" | "synthetic" | "copied";

const TEXTS = { ...reference.tables, copied: reference.copied } as Record<TableName, Rows>;

/** Names of all columns. */
export const COLUMNS = Object.keys(TEXTS.train);

/** The tables of evaluate.py with these columns alone, in the types of its training rows. */
export function referenceTables(
  names: string[],
  target?: string,
): Record<TableName, Column[]> & { schema: TableSchema } {
  const schema = inferSchema(toSource("train", names), target === undefined ? {} : { target });
  const read = (name: TableName): Column[] => toColumns(toSource(name, names), schema, { unknown: "extend" });
  return {
    schema,
    train: read("train"),
    test: read("test"),
    synthetic: read("synthetic"),
    copied: read("copied"),
  };
}

function toSource(path: TableName, names: string[]): TableSource {
  const columns = names.map((name) => {
    const builder = new TextColumnBuilder(name);
    for (const cell of TEXTS[path][name]!) builder.push(String(cell));
    return builder.finish();
  });
  return { path, names, nRows: columns[0]!.codes.length, columns };
}
