import { createWriteStream } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { RecordBatch } from "apache-arrow";
import { aborted, HarmonicError, isHarmonicError } from "../errors";
import { fileError } from "../file-error";
import { throwIfAborted } from "../progress";
import { replaceFile } from "../run/atomic";
import { arrowFileBytes } from "./arrow-file";
import { arrowSchema, toRecordBatch } from "./batches";
import type { Column } from "./columns";
import { formatOf, type TableFormat } from "./read";
import type { TableSchema } from "./schema";
import { writeParquet } from "./write-parquet";
import { csvText, jsonText } from "./write-text";

export type WritableFormat = Exclude<TableFormat, "json">;

export interface WriteOptions {
  /** a file, or "-" for standard output */
  path: string;
  /** default: by the file's extension; arrow for "-" */
  format?: WritableFormat;
  /** where "-" goes; default process.stdout */
  stdout?: Writable;
  /** where a file grows until it is whole, on the same disk; default: beside it, under a name of its own */
  partial?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Writes record batches as they come. A file appears whole or not at all: it is written under a name of its own
 * beside the real one, then renamed. Arrow is the file format in a file and the stream format on standard output.
 * Throws E_IO naming the path where the disk refuses.
 */
export async function writeTable(
  options: WriteOptions,
  batches: AsyncIterable<RecordBatch>,
  schema: TableSchema,
): Promise<void> {
  const { path, signal } = options;
  const format = options.format ?? (path === "-" ? "arrow" : writableFormatOf(path));
  if (path === "-") {
    if (format === "parquet") {
      throw new HarmonicError("E_USAGE", "Parquet cannot be written to standard output", {
        hint: "give a file with --out, or --format arrow",
      });
    }
    const stdout = options.stdout ?? process.stdout;
    await translated("standard output", signal, () =>
      pipeline(Readable.from(encoded(batches, schema, format, true)), stdout, {
        end: false,
        signal,
      }),
    );
    return;
  }
  await translated(path, signal, () =>
    replaceFile(
      path,
      async (partial) => {
        if (format === "parquet") await writeParquet(partial, checked(batches, signal), schema);
        else {
          const bytes = Readable.from(encoded(batches, schema, format, false));
          await pipeline(bytes, createWriteStream(partial), { signal });
        }
      },
      options.partial,
    ),
  );
}

/** Columns as an iterable of record batches, for writeTable. */
export async function* batchesOf(
  columns: readonly Column[],
  schema: TableSchema,
): AsyncGenerator<RecordBatch> {
  yield await Promise.resolve(toRecordBatch(columns, schema));
}

/** The format that writing to this file name means. */
export function writableFormatOf(path: string): WritableFormat {
  const format = formatOf(path);
  if (format !== "json") return format;
  throw new HarmonicError("E_USAGE", `${path}: a JSON array cannot be written row by row`, {
    hint: "name the file .jsonl: one object a line",
  });
}

async function* encoded(
  batches: AsyncIterable<RecordBatch>,
  schema: TableSchema,
  format: Exclude<WritableFormat, "parquet">,
  stream: boolean,
): AsyncGenerator<string | Uint8Array> {
  if (format === "csv") yield* csvText(batches, schema);
  else if (format === "tsv") yield* csvText(batches, schema, "\t");
  else if (format === "jsonl") yield* jsonText(batches, schema);
  else yield* arrowFileBytes(arrowSchema(schema), batches, stream);
}

async function* checked(
  batches: AsyncIterable<RecordBatch>,
  signal?: AbortSignal,
): AsyncGenerator<RecordBatch> {
  for await (const batch of batches) {
    throwIfAborted(signal, "writing");
    yield batch;
  }
}

async function translated(
  path: string,
  signal: AbortSignal | undefined,
  use: () => Promise<void>,
): Promise<void> {
  try {
    await use();
  } catch (cause) {
    if (signal?.aborted) throw aborted(`writing ${path}`);
    const error = fileError(cause, path);
    if (isHarmonicError(error)) throw error;
    throw new HarmonicError("E_IO", `${path} cannot be written: ${(cause as Error).message}`, {
      hint: "check that the folder can be written and has room",
      cause,
    });
  }
}
