import { checkTrainable } from "../model/info";
import { DEFAULT_BASE } from "../model/registry";
import { resolveBase } from "../model/resolve";
import { FILES, RunFolder } from "./folder";
import { withPreset, type PresetName } from "./presets";
import { withoutNulls } from "./settings";
import { trainedFile, trainStage, type TrainStageControl, type TrainStageSettings } from "./stages/train";

export interface TrainFolderOptions extends TrainStageControl {
  /** a run folder that has been preprocessed */
  directory: string;
  /** default: the folder's, else smollm2-135m */
  base?: string | undefined;
  /** default: the folder's */
  seed?: number | undefined;
  /** settings that go together, over those that the folder has */
  preset?: PresetName | undefined;
  /** over both */
  settings?: TrainStageSettings | undefined;
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
    const base = await resolveBase(options.base ?? noted?.name ?? DEFAULT_BASE, options);
    await checkTrainable(base.path);
    const stored = withoutNulls(folder.run.settings.train as TrainStageSettings | undefined);
    const settings = withPreset(options.preset, "train", options.settings);
    await trainStage(folder, base, { ...stored, ...settings }, options, options.seed);
    const adapter = folder.path(trainedFile(folder.run.settings.train));
    return { ...folder.run.stages.train?.result, adapter, log: folder.path(FILES.log) };
  } finally {
    await folder.close();
  }
}
