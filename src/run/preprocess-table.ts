import type { DeviceName } from "../devices/kinds";
import { rowFormat } from "../instruct/formats";
import { neighborGroups } from "../instruct/groups";
import { writeExport, type ExportName } from "../preprocess/export";
import type { StageControl } from "../progress";
import { rowCount } from "../table/columns";
import { FILES, type RunFolder } from "./folder";
import { loadInstructionData } from "./stages/load";
import { withPreset, type PresetName } from "./presets";
import { preprocessStage, type PreprocessSettings } from "./stages/preprocess";
import { defaultFolder, startRun } from "./start";

export interface PreprocessTableOptions extends StageControl {
  /** path, or "-" for an Arrow stream on standard input; all its rows are learned from */
  table: string;
  /** becomes a run folder without test and holdout rows; default "harmonic-" and the table's name */
  out?: string | undefined;
  target?: string | undefined;
  schema?: string | undefined;
  /** what rows keep to, e.g. "end >= start" */
  rules?: readonly string[] | undefined;
  /** whether rows keep to what columns say of one another in the table; default true */
  dependencies?: boolean | undefined;
  /** settings that go together; those given below win over it */
  preset?: PresetName | undefined;
  settings?: PreprocessSettings | undefined;
  /** the instructions once more, as another program's training data: instructions.NAME.jsonl */
  export?: ExportName | undefined;
  threads?: number | undefined;
  /** cpu: no GPU searches neighbours [auto] */
  device?: DeviceName | undefined;
}

export interface PreprocessTableResult {
  /** rows of the table */
  rows: number;
  /** groups of k + 1 rows, fewer than rows where the filter left some out */
  groups: number;
  files: { schema: string; neighbors: string; instructions: string; export?: string };
}

/** Makes a run folder of a whole table, as `harmonic preprocess` does: what train and sample go on from. */
export async function preprocessTable(options: PreprocessTableOptions): Promise<PreprocessTableResult> {
  const { table, target, schema, rules, dependencies } = options;
  const settings = withPreset(options.preset, "preprocess", options.settings);
  const out = options.out ?? defaultFolder(table);
  const folder = await startRun({
    ...{ rules, dependencies },
    ...{ table, out, target, schema },
    seed: 0,
    split: false,
    compat: settings.compat,
    decide: () => ({ preprocess: settings }),
  });
  try {
    await preprocessStage(folder, settings, options);
    const exported = options.export && (await exportInstructions(folder, options.export, options.signal));
    return {
      rows: Number(folder.run.stages.split?.result?.train),
      groups: Number(folder.run.stages.preprocess?.result?.groups),
      files: {
        schema: folder.path(FILES.schema),
        neighbors: folder.path(FILES.neighbors),
        instructions: folder.path(FILES.instructions),
        ...(exported && { export: exported }),
      },
    };
  } finally {
    await folder.close();
  }
}

/** From what is in the folder, so that a folder preprocessed before can be exported too. */
async function exportInstructions(
  folder: RunFolder,
  name: ExportName,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { columns, schema, neighbors, k, format, description, targets } = await loadInstructionData(folder);
  const groups = neighborGroups(neighbors, k, rowCount(columns), targets);
  const path = folder.path(`instructions.${name}.jsonl`);
  await writeExport(
    path,
    name,
    { columns, schema, format: rowFormat(format), groups, description, k },
    signal,
  );
  return path;
}
