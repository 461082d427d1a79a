import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecordBatch } from "apache-arrow";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { writeText } from "../run/atomic";
import { toRecordBatch } from "../table/batches";
import type { TableSchema } from "../table/schema";
import { writeTable, type WritableFormat } from "../table/write";
import { RowGroups } from "./groups";
import type { Parts } from "./parts";
import { addCounts, type RedrawCounts } from "./redraw";
import { noCounts, streamGroups, type SampleCounts, type StreamOptions } from "./stream";

export interface OutputOptions extends StreamOptions {
  parts: Parts;
  counts: SampleCounts;
  schema: TableSchema;
}

/** Writes the rows as one file, which appears when it is whole. */
export async function writeFile(
  options: OutputOptions,
  path: string,
  format: WritableFormat | undefined,
): Promise<void> {
  const { parts, schema, signal } = options;
  await writeTable(
    { path, ...(format && { format }), signal, partial: parts.path("rows") },
    batches(options),
    schema,
  );
}

/** Rows as record batches, a group each. */
export async function* batches(
  options: StreamOptions & { schema: TableSchema },
): AsyncGenerator<RecordBatch> {
  for await (const { columns } of streamGroups(options)) yield toRecordBatch(columns, options.schema);
}

export interface FolderOptions extends OutputOptions {
  directory: string;
  format: WritableFormat;
  /** rows of a file, rounded down to whole groups */
  fileRows: number;
}

/**
 * Writes the rows as files part-00000 ... of a folder, each of which appears when it is whole. A file's groups are then
 * deleted from parts, so that rows are on the disk once.
 */
export async function writeFolder(options: FolderOptions): Promise<void> {
  const { directory, format, groups, parts, counts } = options;
  const step = Math.max(1, Math.floor(options.fileRows / groups.groupRows));
  const nFiles = Math.ceil((groups.end - groups.first) / step);
  const names = Array.from({ length: nFiles }, (_, file) => partName(file, groups, format));
  await prepareFolder(directory, names, groups);
  let done = 0;
  for (const [file, name] of names.entries()) {
    const some = groups.slice(groups.first + file * step, groups.first + (file + 1) * step);
    const note = parts.path(`${name}.json`);
    const finished = await readCounts(note);
    if (finished !== undefined && existsSync(join(directory, name))) {
      addCounts(counts.redraws, finished);
    } else {
      const own = noCounts();
      const from = done;
      await writeFile(
        {
          ...options,
          groups: some,
          counts: own,
          onProgress: (progress) =>
            options.onProgress?.({ ...progress, done: from + progress.done, total: groups.total }),
        },
        join(directory, name),
        format,
      );
      await writeText(note, JSON.stringify(own.redraws));
      counts.drawn += own.drawn;
      counts.tokens += own.tokens;
      addCounts(counts.redraws, own.redraws);
    }
    for (let g = some.first; g < some.end; g++) await parts.discardRows(g);
    done += some.total;
  }
}

const partOf = ({ shard }: RowGroups): string =>
  shard.count === 1
    ? ""
    : `shard-${String(shard.index).padStart(String(shard.count).length, "0")}-of-${shard.count}-`;

/** File names sort in the order of their rows, over all shards. */
const partName = (file: number, groups: RowGroups, format: WritableFormat): string =>
  `${partOf(groups)}part-${String(file).padStart(5, "0")}.${format}`;

/** Makes the folder that rows go to. @throws E_RUN where it holds files that would be taken for rows of this sampling */
async function prepareFolder(
  directory: string,
  mine: readonly string[],
  { shard }: RowGroups,
): Promise<void> {
  await orFileError(mkdir(directory, { recursive: true }), directory);
  const others = new RegExp(`^shard-(\\d+)-of-${shard.count}-part-`);
  const isOfOther = (name: string): boolean => {
    const index = others.exec(name)?.[1];
    return index !== undefined && Number(index) !== shard.index;
  };
  const strange = (await readdir(directory)).find(
    (name) => !name.startsWith(".") && !mine.includes(name) && !isOfOther(name),
  );
  if (strange === undefined) return;
  throw new HarmonicError("E_RUN", `${directory} is not empty: it holds ${strange}`, {
    hint: "choose another folder with --out, or delete this one",
  });
}

async function readCounts(path: string): Promise<RedrawCounts | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as RedrawCounts);
}
