import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toColumns } from "../../src/table/convert";
import { selectRows, type Column } from "../../src/table/columns";
import { inferSchema } from "../../src/table/infer";
import { readTable } from "../../src/table/read";
import { isNumberField, type TableSchema } from "../../src/table/schema";
import { benchmarkCache } from "../harness/cache";

export type TableName = "adult" | "diabetes";

export interface BenchTable {
  schema: TableSchema;
  columns: Column[];
  description: string;
  /** whose hash tells this table from others */
  path: string;
}

/** Rows that are trained on and shown as examples. */
const MOST_ROWS = 2000;

/** What UCI's file, which has no header, holds. */
const ADULT_HEADER =
  "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex," +
  "capital-gain,capital-loss,hours-per-week,native-country,class";

/** A table by name, its last column the target, numbers without needless decimals. @throws Error where adult is absent */
export async function benchTable(name: TableName): Promise<BenchTable> {
  const path = name === "adult" ? adultPath() : join(__dirname, "..", "..", "examples", "diabetes.csv");
  const source = await readTable(path);
  const target = readFileSync(path, "utf8").split(/\r?\n/, 1)[0]!.split(",").at(-1)!;
  const schema = inferSchema(source, { target });
  for (const field of schema.fields) {
    if (isNumberField(field) && field.numberFormat.decimals === 0) field.numberFormat.minDecimals = 0;
  }
  const columns = toColumns(source, schema);
  const ids = Int32Array.from({ length: Math.min(MOST_ROWS, source.nRows) }, (_, i) => i);
  return { schema, columns: selectRows(columns, ids), description: name, path };
}

/** The census table, with a header; from UCI's own adult.data where that is what is there. */
export function adultPath(): string {
  const path = process.env["HARMONIC_BENCH_ADULT"] ?? benchmarkCache("adult.csv");
  if (!existsSync(path)) {
    throw new Error(
      `expected the census table "adult" at ${path}: download adult.data from https://archive.ics.uci.edu/dataset/2/adult ` +
        "and put it there, or name the file in HARMONIC_BENCH_ADULT; HARMONIC_BENCH_TABLES=diabetes goes without it",
    );
  }
  const text = readFileSync(path, "utf8");
  if (!/^\d/.test(text)) return path;
  const withHeader = benchmarkCache("adult-with-header.csv");
  writeFileSync(withHeader, `${ADULT_HEADER}\n${text.replaceAll(", ", ",").trim()}\n`);
  return withHeader;
}
