import { open, stat } from "node:fs/promises";
import { extname } from "node:path";
import { HarmonicError } from "../errors";
import { readArrow } from "./read-arrow";
import { readCsv } from "./read-csv";
import { readJson } from "./read-json";
import { readParquet } from "./read-parquet";
import type { TableSource, TextColumn } from "./source";

export type TableFormat = "csv" | "tsv" | "json" | "jsonl" | "parquet" | "arrow";

const FORMAT_BY_EXTENSION: Readonly<Record<string, TableFormat>> = {
  ".csv": "csv",
  ".tsv": "tsv",
  ".tab": "tsv",
  ".json": "json",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
  ".pq": "parquet",
  ".arrow": "arrow",
  ".arrows": "arrow",
  ".feather": "arrow",
  ".ipc": "arrow",
};

export interface ReadOptions {
  /** default: by the file's extension; `-` is always an Arrow IPC stream */
  format?: TableFormat;
  /** of CSV; default: found from the header */
  delimiter?: string;
}

/**
 * Reads a table from a file, or from standard input as an Arrow IPC stream where `path` is "-". CSV cells keep
 * their text exactly; typed columns become text (integers as integers, floats in their shortest form, dates and
 * times in ISO 8601). Errors: E_INPUT naming file, line and column; E_IO where the file cannot be read.
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<TableSource> {
  const columns =
    path === "-" ? await readArrow("standard input", process.stdin) : await readFile(path, options);
  const nRows = columns[0]?.codes.length ?? 0;
  const name = path === "-" ? "standard input" : path;
  if (nRows === 0) {
    throw new HarmonicError("E_INPUT", `${name} has no rows`, { hint: "give a table with at least one row" });
  }
  return { path: name, names: columns.map((column) => column.name), nRows, columns };
}

/** The format that a file name's extension stands for. */
export function formatOf(path: string): TableFormat {
  const extension = extname(path).toLowerCase();
  const format = FORMAT_BY_EXTENSION[extension];
  if (format) return format;
  throw new HarmonicError(
    "E_INPUT",
    `${path}: ${extension === "" ? "no extension" : `unknown extension "${extension}"`}, expected one of ` +
      Object.keys(FORMAT_BY_EXTENSION).join(", "),
    { hint: "rename the file after its format" },
  );
}

async function readFile(path: string, options: ReadOptions): Promise<TextColumn[]> {
  await checkFile(path);
  const format = options.format ?? formatOf(path);
  switch (format) {
    case "csv":
      return await readCsv(path, options.delimiter);
    case "tsv":
      return await readCsv(path, options.delimiter ?? "\t");
    case "json":
    case "jsonl":
      return await readJson(path);
    case "parquet":
      return await readParquet(path);
    case "arrow":
      return await readArrow(path);
  }
}

/** Refuses what is missing, unreadable, a folder or empty, before any reader meets it. */
async function checkFile(path: string): Promise<void> {
  let size: number;
  try {
    const info = await stat(path);
    if (info.isDirectory()) {
      throw new HarmonicError("E_INPUT", `${path} is a folder: expected a table file`, {
        hint: "give the path of one file inside it",
      });
    }
    size = info.isFile() ? info.size : 1;
    await (await open(path, "r")).close();
  } catch (error) {
    if (error instanceof HarmonicError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new HarmonicError("E_INPUT", `${path}: no such file`, {
        hint: `check the path; it is relative to ${process.cwd()}`,
        cause: error,
      });
    }
    throw new HarmonicError("E_IO", `${path} cannot be read: ${(error as Error).message}`, {
      hint: "check the permissions of the file",
      cause: error,
    });
  }
  if (size === 0) {
    throw new HarmonicError("E_INPUT", `${path} is empty: expected a header line and rows`, {
      hint: "check that the file was written completely",
    });
  }
}
