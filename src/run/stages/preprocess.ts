import type { DeviceName } from "../../devices/kinds";
import { preprocess, type PreprocessOptions, type PreprocessResult } from "../../preprocess/preprocess";
import { HarmonicError } from "../../errors";
import { isTableBase } from "../../model/table-base";
import type { StageControl } from "../../progress";
import { FILES, type RunFolder } from "../folder";
import type { PlainSettings } from "../run-file";

/** What the instruction data depends on, beside the table. */
export type PreprocessSettings = Pick<
  PreprocessOptions,
  "k" | "format" | "filter" | "labelInDistance" | "compat" | "description"
>;

export interface PreprocessControl extends StageControl {
  threads?: number | undefined;
  /** cpu: no GPU searches neighbours [auto] */
  device?: DeviceName | undefined;
}

export const DEFAULT_K = 5;

/** The settings with their defaults, as run.json holds them. */
export function plainPreprocessSettings(settings: PreprocessSettings): PlainSettings {
  const { compat = false } = settings;
  return {
    k: settings.k ?? DEFAULT_K,
    format: settings.format ?? (compat ? "dict" : "compact"),
    filter: settings.filter ?? (compat ? 2 : null),
    labelInDistance: settings.labelInDistance ?? false,
    compat,
    description: settings.description ?? null,
  };
}

/** The first setting that decides what a language model reads; undefined where there is none. */
export function languagePreprocessing(settings: PreprocessSettings): string | undefined {
  const { compat, k, format, filter, labelInDistance, description } = settings;
  const given = {
    compat: compat || undefined,
    k: k || undefined,
    format,
    filter,
    labelInDistance,
    description,
  };
  return Object.entries(given).find(([, value]) => value !== undefined)?.[0];
}

/** The settings for a table model, which reads rows alone. @throws E_USAGE for a setting of language models */
export function tablePreprocessSettings(settings: PreprocessSettings): PreprocessSettings {
  const misplaced = languagePreprocessing(settings);
  if (misplaced === undefined) return { k: 0 };
  throw new HarmonicError("E_USAGE", `expected a language model as the base for \`${misplaced}\``, {
    hint: "leave the option out, or give --base smollm2-135m",
  });
}

/** Finds the neighbours of the folder's training rows and writes the instruction data. */
export async function preprocessStage(
  folder: RunFolder,
  settings: PreprocessSettings,
  control: PreprocessControl,
): Promise<void> {
  if (folder.isDone("preprocess")) return;
  await folder.begin("preprocess", plainPreprocessSettings(settings));
  const result = await preprocess({
    ...settings,
    table: folder.path(FILES.train),
    schema: folder.path(FILES.schema),
    out: folder.directory,
    conversations: !isTableBase(folder.run.base),
    ...definedControl(control),
  });
  await finishPreprocess(folder, result);
}

/** Notes what `preprocess` has left in the folder. */
async function finishPreprocess(folder: RunFolder, result: PreprocessResult): Promise<void> {
  const instructions = result.files.instructions === undefined ? [] : [FILES.instructions];
  await folder.finish("preprocess", [FILES.schema, FILES.neighbors, ...instructions], {
    groups: result.groups.length,
    description: result.description,
  });
}

/** The control without its undefined entries. */
function definedControl(
  control: PreprocessControl,
): Pick<PreprocessOptions, "signal" | "onProgress" | "threads" | "device"> {
  const { signal, onProgress, threads, device } = control;
  return {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(threads !== undefined && { threads }),
    ...(device && { device }),
  };
}
