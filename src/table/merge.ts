import { createReadStream, createWriteStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HarmonicError } from "../errors";
import { fileError } from "../file-error";
import { replaceFile } from "../run/atomic";
import { mergedArrow } from "./merge-arrow";
import { mergeParquet } from "./merge-parquet";
import { strangePart } from "./strange-part";
import { writableFormatOf } from "./write";

export interface MergePartsOptions {
  /** files in the order of their rows, or folders of such files, whose names are in that order */
  parts: readonly string[];
  /** of the same format as the parts */
  out: string;
  signal?: AbortSignal | undefined;
}

/**
 * Joins the files of a sampling's shards, or of a folder of parts, to the file that one run would have written, byte for
 * byte. It appears whole or not at all; memory does not grow with the rows.
 * @returns the files joined
 * @throws E_INPUT where they are not parts of one table, E_USAGE where formats differ
 */
export async function mergeParts({ parts, out, signal }: MergePartsOptions): Promise<string[]> {
  const files = (await Promise.all(parts.map(filesOf))).flat();
  const format = writableFormatOf(out);
  const other = files.find((file) => writableFormatOf(file) !== format);
  if (other !== undefined) {
    throw new HarmonicError(
      "E_USAGE",
      `${other} is not of the format of ${out}: parts are joined as they are`,
      {
        hint: "name the output after the parts",
      },
    );
  }
  if (files.length === 0) throw new HarmonicError("E_INPUT", `no parts in ${parts.join(", ")}`);
  await replaceFile(out, async (partial) => {
    if (format === "parquet") return await mergeParquet(files, partial, signal);
    const bytes = format === "arrow" ? mergedArrow(files) : mergedText(files, format !== "jsonl");
    await pipeline(Readable.from(bytes), createWriteStream(partial), { signal });
  });
  return files;
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => !name.startsWith("."));
    return names.sort().map((name) => join(path, name));
  } catch (cause) {
    throw fileError(cause, path);
  }
}

/** The bytes of text files one behind another, the header of the first alone. */
async function* mergedText(files: readonly string[], hasHeader: boolean): AsyncGenerator<Buffer> {
  let header: Buffer | undefined;
  for (const file of files) {
    let skip = 0;
    if (hasHeader) {
      const own = await readHeader(file);
      header ??= own;
      if (!own.equals(header)) throw strangePart(file, files[0]!, "another header");
      skip = file === files[0] ? 0 : own.length;
    }
    for await (const piece of createReadStream(file, { start: skip }) as AsyncIterable<Buffer>) yield piece;
  }
}

/** The first line of a CSV file with its end; names may hold line breaks between quotes. */
async function readHeader(file: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let isQuoted = false;
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
    for (let i = 0; i < piece.length; i++) {
      if (piece[i] === 0x22) isQuoted = !isQuoted;
      if (piece[i] !== 0x0a || isQuoted) continue;
      pieces.push(piece.subarray(0, i + 1));
      return Buffer.concat(pieces);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
