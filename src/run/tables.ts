import { createHash } from "node:crypto";
import { HarmonicError } from "../errors";
import { hashFile } from "../hash";
import { Random } from "../random";
import { withRules } from "../rules/schema-rules";
import { selectRows, type Column } from "../table/columns";
import { concatenate } from "../table/concatenate";
import { toColumns } from "../table/convert";
import { inferSchema, unknownColumn } from "../table/infer";
import { readTable } from "../table/read";
import { loadSchema } from "../table/schema-json";
import type { TableSchema } from "../table/schema";
import type { TableSource } from "../table/source";
import { splitTable } from "./split";
import type { RunFile } from "./run-file";

export interface RealTablesOptions {
  /** path, or "-" for an Arrow stream on standard input */
  table: string;
  /** rows to test on; default: a part of the table */
  test?: string | undefined;
  /** rows that no stage sees before the scores; default: a part of the table */
  holdout?: string | undefined;
  /** path of a schema; default: inferred from all the tables together */
  schema?: string | undefined;
  target?: string | undefined;
  seed: number;
  /** whether test and holdout rows are kept apart where no files are given for them; else all rows are for training */
  split: boolean;
  /** as in the original method, the last column is the target where none is named */
  compat?: boolean | undefined;
  /** what rows keep to besides what the schema says, e.g. "end >= start" */
  rules?: readonly string[] | undefined;
  /** whether rows keep to what columns say of one another in the table; default true */
  dependencies?: boolean | undefined;
}

/** The real rows of a run, by what they are for. */
export interface RealTables {
  schema: TableSchema;
  train: Column[];
  /** either may have no rows where the table is tiny */
  test: Column[];
  holdout: Column[];
  /** what they came from */
  inputs: RunFile["inputs"];
}

/** Shares of the table that become test and holdout where no files are given for them. */
export const TEST_SHARE = 0.2;
export const HOLDOUT_SHARE = 0.1;

/** Reads the tables of a run through one schema, and splits what is not given apart. */
export async function readRealTables(options: RealTablesOptions): Promise<RealTables> {
  const sources: Record<string, TableSource> = { table: await readTable(options.table) };
  if (options.test !== undefined) sources.test = await readTable(options.test);
  if (options.holdout !== undefined) sources.holdout = await readTable(options.holdout);
  const bare = await schemaOf(Object.values(sources), options);
  const columns = toColumns(sources.table!, bare);
  // The original knows no dependencies.
  const schema = withRules(bare, columns, options, options.schema === undefined && options.compat !== true);
  const split = splitTable(columns, {
    ...(schema.target === undefined ? {} : { target: schema.target }),
    test: sources.test || !options.split ? 0 : TEST_SHARE,
    holdout: sources.holdout || !options.split ? 0 : HOLDOUT_SHARE,
    random: new Random(options.seed),
  });
  const inputs: RunFile["inputs"] = {};
  for (const [role, source] of Object.entries(sources)) {
    const path = options[role as "table" | "test" | "holdout"]!;
    inputs[role] = { name: path, sha256: path === "-" ? hashSource(source) : await hashFile(path) };
  }
  if (options.schema !== undefined) {
    inputs.schema = { name: options.schema, sha256: await hashFile(options.schema) };
  }
  return {
    schema,
    train: selectRows(columns, split.train),
    test: sources.test ? toColumns(sources.test, schema) : selectRows(columns, split.test),
    holdout: sources.holdout ? toColumns(sources.holdout, schema) : selectRows(columns, split.holdout),
    inputs,
  };
}

async function schemaOf(sources: TableSource[], options: RealTablesOptions): Promise<TableSchema> {
  const [table, ...others] = sources as [TableSource, ...TableSource[]];
  const target = options.target ?? (options.compat === true ? table.names.at(-1) : undefined);
  if (target !== undefined && !table.names.includes(target)) throw unknownColumn("target", target, table);
  if (options.schema !== undefined) {
    const given = await loadSchema(options.schema);
    return target === undefined ? given : { ...given, target };
  }
  for (const other of others) {
    const missing = table.names.find((name) => !other.names.includes(name));
    if (missing === undefined) continue;
    throw new HarmonicError("E_INPUT", `${other.path} has no column "${missing}", which ${table.path} has`, {
      hint: `its columns are: ${other.names.join(", ")}`,
    });
  }
  return inferSchema(concatenate(sources), {
    ...(target !== undefined && { target }),
    plain: options.compat === true,
  });
}

/** SHA-256 of the cells, for a table that is no file. */
function hashSource(source: TableSource): string {
  const hash = createHash("sha256");
  for (const { name, texts, codes } of source.columns) {
    hash.update(JSON.stringify([name, texts]));
    hash.update(new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength));
  }
  return hash.digest("hex");
}
