import type { ResolvedBase } from "../model/resolve";
import { AUTO_BASE, isTableBase } from "../model/table-base";
import { type BaseChoice, chooseBase, namedBase } from "./choose-base";
import { FILES, RunFolder } from "./folder";
import { withPreset, type PresetName } from "./presets";
import { withoutNulls } from "./settings";
import { loadInstructionData } from "./stages/load";
import { trainedFile, trainStage, type TrainStageControl, type TrainStageSettings } from "./stages/train";

export interface TrainFolderOptions extends TrainStageControl {
  /** a run folder that has been preprocessed */
  directory: string;
  /** default: the folder's, else whichever suits the table */
  base?: string | undefined;
  /** default: the folder's */
  seed?: number | undefined;
  /** settings that go together, over those that the folder has */
  preset?: PresetName | undefined;
  /** told which base was chosen, where that was left open */
  onBase?: ((choice: BaseChoice) => void) | undefined;
  /** over both */
  settings?: TrainStageSettings | undefined;
}

/** The base that suits the folder's table. */
async function chosen(
  folder: RunFolder,
  train: TrainStageSettings,
  options: TrainFolderOptions,
): Promise<ResolvedBase> {
  const { schema, columns } = await loadInstructionData(folder);
  const choice = chooseBase({ schema, columns, preprocess: {}, train, threads: options.threads });
  options.onBase?.(choice);
  return (await namedBase(choice.name, options))!;
}

export interface TrainFolderResult {
  adapter: string;
  log: string;
  /** figures of the training, as run.json holds them */
  [figure: string]: unknown;
}

/** Trains the adapter of a run folder, as `harmonic train` does; at once where it is trained with these settings. */
export async function trainFolder(options: TrainFolderOptions): Promise<TrainFolderResult> {
  const folder = await RunFolder.open(options.directory);
  try {
    const noted = folder.run.base;
    const given = withPreset(options.preset, "train", options.settings);
    const asked = options.base === AUTO_BASE ? undefined : options.base;
    const base =
      (await namedBase(asked ?? noted?.name ?? AUTO_BASE, options)) ?? (await chosen(folder, given, options));
    // Settings of the other kind of model say nothing to this one.
    const isKept = noted !== undefined && isTableBase(noted) === isTableBase(base);
    const stored = isKept ? withoutNulls(folder.run.settings.train as TrainStageSettings | undefined) : {};
    await trainStage(folder, base, { ...stored, ...given }, options, options.seed);
    const adapter = folder.path(trainedFile(folder.run.settings.train));
    return { ...folder.run.stages.train?.result, adapter, log: folder.path(FILES.log) };
  } finally {
    await folder.close();
  }
}
