import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { HarmonicError } from "../errors";
import { isClosedPipe } from "../file-error";
import { parseShard } from "../sample/groups";
import { sampleToFile, type SampleResult } from "../sample/sample";
import { writableFormatOf, type WritableFormat } from "../table/write";
import { RunFolder } from "./folder";
import { withoutNulls } from "./settings";
import {
  sampleOptions,
  type SampleOverrides,
  type SampleStageControl,
  type SampleStageSettings,
} from "./stages/sample";

export interface SampleFolderOptions extends SampleStageControl, SampleOverrides {
  /** a run folder with a trained adapter, or one that is preprocessed where `adapter` is given */
  directory: string;
  /** a file, a folder (one that exists, or a name that ends in "/"), or "-" for standard output */
  out: string;
  /** default: by the extension of `out`; parquet in a folder, arrow for "-" */
  outFormat?: WritableFormat | undefined;
  /** rows of each file of a folder; default 65536 */
  partRows?: number | undefined;
  /** one part of the rows, e.g. "3/16"; default: all */
  shard?: string | undefined;
  /** file for what is known about every row; default: none */
  explain?: string | undefined;
  /** where "-" goes; default: standard output */
  stdout?: Writable | undefined;
  /** over those that the folder's own rows were drawn with */
  settings?: Omit<SampleStageSettings, "explain"> | undefined;
}

export interface SampleFolderResult extends SampleResult {
  out: string;
}

/** Where rows on their way to standard output are kept. */
const PIPED = ".piped-parts";

/**
 * Draws rows with the adapter of a run folder, as `harmonic sample` does. A sampling that was interrupted goes on when it
 * is called again. Resolves to undefined where the reader of standard output ended early.
 */
export async function sampleFolder(options: SampleFolderOptions): Promise<SampleFolderResult | undefined> {
  const { directory, out, outFormat, explain, partRows: fileRows } = options;
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  const isFolder = out !== "-" && (out.endsWith("/") || isDirectory(out));
  if (out !== "-" && !isFolder) checkFile(out, outFormat);
  if (explain !== undefined) checkFile(explain, undefined);
  const folder = await RunFolder.read(directory);
  const stored = folder.run.settings.sample as SampleStageSettings | undefined;
  const settings = { ...withoutNulls(stored), ...options.settings, explain: explain !== undefined };
  const drawn = await sampleOptions(folder, settings, options);
  const part = shard === undefined ? "" : `-${shard.index}-of-${shard.count}`;
  const parts =
    out === "-"
      ? folder.path(PIPED + part)
      : isFolder
        ? join(out, `.parts${part}`)
        : join(dirname(out), `.${basename(out)}-parts`);
  const { stdout } = options;
  try {
    const places = { out, isFolder, outFormat, fileRows, parts, stdout, explainOut: explain };
    return { out, ...(await sampleToFile({ ...drawn, ...places, shard })) };
  } catch (error) {
    if (out === "-" && isClosedPipe(error)) return undefined;
    throw error;
  }
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/** Refuses an output that would fail only after all rows are drawn. */
function checkFile(out: string, format: WritableFormat | undefined): void {
  if (format === undefined) writableFormatOf(out);
  if (existsSync(dirname(out))) return;
  throw new HarmonicError("E_IO", `${out}: the folder ${dirname(out)} does not exist`, {
    hint: "make the folder first",
  });
}
