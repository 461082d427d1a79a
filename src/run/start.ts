import { basename, extname } from "node:path";
import { checkK } from "../neighbors/find";
import { rowCount } from "../table/columns";
import { versions } from "../version";
import { RunFolder } from "./folder";
import { newRunFile, type RunFile } from "./run-file";
import { DEFAULT_K, plainPreprocessSettings, type PreprocessSettings } from "./stages/preprocess";
import { splitStage } from "./stages/split";
import { HOLDOUT_SHARE, readRealTables, TEST_SHARE, type RealTables, type RealTablesOptions } from "./tables";

export interface StartOptions extends RealTablesOptions {
  /** the run folder */
  out: string;
  /** says what will be done with the tables, once they are read */
  decide: (tables: RealTables) => StartDecision | Promise<StartDecision>;
}

export interface StartDecision {
  preprocess: PreprocessSettings;
  /** what later stages will be done with, where that is known */
  rest?: Partial<Pick<RunFile, "base" | "settings">> | undefined;
}

/**
 * Reads and checks the real tables, then makes the run folder, or goes on with it where it holds the same run, and
 * splits the rows into it. A table that cannot be used leaves no folder behind. The caller closes the folder.
 */
export async function startRun(options: StartOptions): Promise<RunFolder> {
  const { seed, split } = options;
  const tables = await readRealTables(options);
  const { preprocess, rest } = await options.decide(tables);
  checkK(preprocess.k ?? DEFAULT_K, rowCount(tables.train));
  const folder = await RunFolder.create(
    options.out,
    newRunFile({
      name: tableName(options.table),
      inputs: tables.inputs,
      seed,
      versions: versions(),
      ...rest,
      settings: {
        split: {
          target: tables.schema.target ?? null,
          test: split && !tables.inputs.test ? TEST_SHARE : 0,
          holdout: split && !tables.inputs.holdout ? HOLDOUT_SHARE : 0,
          rules: options.rules ? [...options.rules] : null,
          // Only what is asked for, so that folders made before are the same run.
          dependencies: options.dependencies === false ? false : null,
        },
        preprocess: plainPreprocessSettings(preprocess),
        ...rest?.settings,
      },
    }),
  );
  try {
    await splitStage(folder, tables);
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** The table's file name without its extension. */
function tableName(table: string): string {
  return table === "-" ? "table" : basename(table, extname(table));
}

/** Where a run goes that is given no folder. */
export function defaultFolder(table: string): string {
  return `harmonic-${tableName(table)}`;
}
