import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { DeviceName } from "../devices/kinds";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { conversationLines } from "../instruct/conversations";
import { originalDescription } from "../instruct/descriptions";
import { filterByLabel, filterCompat, type FilterResult } from "../instruct/filter";
import type { FormatName } from "../instruct/format";
import { rowFormat } from "../instruct/formats";
import { neighborGroups } from "../instruct/groups";
import { saveNeighbors } from "../neighbors/file";
import { checkK, findNeighbors } from "../neighbors/find";
import { throwIfAborted, type StageControl } from "../progress";
import { replaceFile, writeText } from "../run/atomic";
import { rowCount, type Column } from "../table/columns";
import { toColumns } from "../table/convert";
import { inferSchema, unknownColumn } from "../table/infer";
import { readTable } from "../table/read";
import type { TableSchema } from "../table/schema";
import { loadSchema, schemaToJson } from "../table/schema-json";
import type { TableSource } from "../table/source";

export interface PreprocessOptions extends StageControl {
  /** the table: a path, "-" for an Arrow stream on standard input, or one already read */
  table: string | TableSource;
  /** folder to write into, made if missing; absent: nothing is written */
  out?: string;
  target?: string;
  /** path of a schema file, or the schema; default: inferred */
  schema?: string | TableSchema;
  /** default 5 */
  k?: number;
  /** default "compact", with `compat` "dict" */
  format?: FormatName;
  /** r of the label filter; default: no filter, with `compat` 2 */
  filter?: number;
  /** whether the target counts in the distance; default false */
  labelInDistance?: boolean;
  /** as the original method does it, byte for byte */
  compat?: boolean;
  /** what the rows are about, for the prompts */
  description?: string;
  /** whether the conversations are written, which a table model does not read [true] */
  conversations?: boolean;
  threads?: number;
  /** cpu: no GPU searches neighbours [auto] */
  device?: DeviceName;
}

export interface PreprocessResult {
  schema: TableSchema;
  columns: Column[];
  /** shape (n, k) */
  neighbors: Int32Array;
  k: number;
  format: FormatName;
  description: string;
  /** rows of each group, the row to generate last */
  groups: Int32Array[];
  /** absent where no filter was asked for */
  filter?: FilterResult;
  /** files written, by name */
  files: { schema?: string; neighbors?: string; instructions?: string };
}

/** Table to instruction data: schema, neighbours, label filter, groups and their conversations. */
export async function preprocess(options: PreprocessOptions): Promise<PreprocessResult> {
  const { compat = false, k = 5 } = options;
  const format = rowFormat(options.format ?? (compat ? "dict" : "compact"));
  checkCompat(compat, k, options);
  const step = (done: number, note: string): void => {
    throwIfAborted(options.signal, "preprocess");
    options.onProgress?.({ stage: "preprocess", done, total: 3, unit: "steps", note });
  };

  step(0, "reading the table");
  const source = typeof options.table === "string" ? await readTable(options.table) : options.table;
  const schema = await schemaOf(source, options, compat);
  const columns = toColumns(source, schema);
  const n = rowCount(columns);
  checkK(k, n);

  step(1, `finding ${k} neighbours of ${n} rows`);
  const neighbors = await findNeighbors(columns, schema, {
    k,
    encoding: compat ? "compat" : "gower",
    target: options.labelInDistance ?? false,
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.device && { device: options.device }),
  });
  const minimum = options.filter ?? (compat ? 2 : undefined);
  const filter =
    minimum === undefined
      ? undefined
      : (compat ? filterCompat : filterByLabel)(columns, schema, neighbors, { k, minimum });
  const groups = neighborGroups(neighbors, k, n, filter?.kept);
  if (groups.length === 0) {
    throw new HarmonicError("E_USAGE", `no row passes the label filter with \`filter\` ${minimum}`, {
      hint: "give a smaller --filter, or leave it out",
    });
  }

  const writes = options.conversations ?? true;
  step(2, writes ? `writing ${groups.length} instructions` : "writing the schema");
  const description = options.description ?? (compat ? originalDescription(schema) : "");
  const result: PreprocessResult = {
    schema,
    columns,
    neighbors,
    k,
    format: format.name,
    description,
    groups,
    ...(filter ? { filter } : {}),
    files: {},
  };
  if (options.out !== undefined) result.files = await writeFiles(options.out, result, writes, options.signal);
  step(3, "done");
  return result;
}

async function schemaOf(
  source: TableSource,
  options: PreprocessOptions,
  compat: boolean,
): Promise<TableSchema> {
  if (options.target !== undefined && !source.names.includes(options.target)) {
    throw unknownColumn("target", options.target, source);
  }
  const given = typeof options.schema === "string" ? await loadSchema(options.schema) : options.schema;
  // The original's label column is always the last.
  const target =
    options.target ?? given?.target ?? (compat ? source.names[source.names.length - 1] : undefined);
  if (!given) return inferSchema(source, { ...(target !== undefined && { target }), plain: compat });
  return target === undefined ? given : { ...given, target };
}

function checkCompat(compat: boolean, k: number, options: PreprocessOptions): void {
  if (!compat) return;
  if (!Number.isInteger(k) || k < 1 || k > 9) {
    throw new HarmonicError("E_USAGE", `expected an integer from 1 to 9 for \`k\` but received ${k}`, {
      hint: "the original method counts its examples in words from one to nine; leave out --compat for others",
    });
  }
  if (options.format === "compact") {
    throw new HarmonicError("E_USAGE", 'expected "dict" or "text" for `format` but received "compact"', {
      hint: "the original method has no compact format; leave out --compat, or --format",
    });
  }
}

async function writeFiles(
  out: string,
  result: PreprocessResult,
  conversations: boolean,
  signal: AbortSignal | undefined,
): Promise<PreprocessResult["files"]> {
  const files = { schema: join(out, "schema.json"), neighbors: join(out, "neighbors.arrow") };
  const { columns, schema, neighbors, k, groups, description } = result;
  await orFileError(mkdir(out, { recursive: true }), out);
  await writeText(files.schema, schemaToJson(schema));
  await saveNeighbors(files.neighbors, neighbors, rowCount(columns), k);
  if (!conversations) return files;
  const instructions = join(out, "instructions.jsonl");
  const lines = conversationLines(columns, schema, rowFormat(result.format), groups, { description, k });
  try {
    await replaceFile(instructions, (partial) =>
      pipeline(Readable.from(lines), createWriteStream(partial), { signal }),
    );
  } catch (cause) {
    throwIfAborted(signal, "preprocess");
    throw cause;
  }
  return { ...files, instructions };
}
