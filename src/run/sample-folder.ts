import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Writable } from "node:stream";
import { HarmonicError } from "../errors";
import { sample, sampleToFile } from "../sample/sample";
import { writableFormatOf, writeTable, type WritableFormat } from "../table/write";
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
  /** a file, or "-" for standard output */
  out: string;
  /** default: by the extension of `out`; arrow for "-" */
  outFormat?: WritableFormat | undefined;
  /** where "-" goes; default: standard output */
  stdout?: Writable | undefined;
  /** over those that the folder's own rows were drawn with */
  settings?: SampleStageSettings | undefined;
}

/**
 * Draws rows with the adapter of a run folder, as `harmonic sample` does. A sampling into a file that was interrupted
 * goes on when it is called again.
 */
export async function sampleFolder(options: SampleFolderOptions): Promise<{ out: string; rows: number }> {
  const { directory, out, outFormat, settings, signal } = options;
  if (out !== "-") checkOut(out, outFormat);
  const folder = await RunFolder.open(directory);
  try {
    const stored = folder.run.settings.sample as SampleStageSettings | undefined;
    const { identity, ...drawn } = await sampleOptions(
      folder,
      { ...withoutNulls(stored), ...settings },
      options,
    );
    if (out === "-") {
      const stdout = options.stdout ?? process.stdout;
      await writeTable(
        { path: out, stdout, ...(outFormat && { format: outFormat }), ...(signal && { signal }) },
        sample(drawn),
        drawn.schema,
      );
    } else {
      const parts = join(dirname(out), `.${basename(out)}-parts`);
      await sampleToFile({ ...drawn, identity, out, parts, ...(outFormat && { outFormat }) });
    }
    return { out, rows: drawn.settings.rows };
  } finally {
    await folder.close();
  }
}

/** Refuses an output that would fail only after all rows are drawn. */
function checkOut(out: string, format: WritableFormat | undefined): void {
  if (format === undefined) writableFormatOf(out);
  if (existsSync(dirname(out))) return;
  throw new HarmonicError("E_IO", `${out}: the folder ${dirname(out)} does not exist`, {
    hint: "make the folder first",
  });
}
