import { CellLanguage } from "../../cells/cell-language";
import { rareValues, type RareValues } from "../../cells/rare-values";
import type { ResolvedBase } from "../../model/resolve";
import { isTableBase, TABLE_BASE } from "../../model/table-base";
import type { StageControl } from "../../progress";
import { rowCount } from "../../table/columns";
import { parseTrainSettings, type TrainSettingsInput } from "../../train/settings";
import {
  languageTrainSettings,
  modelColumns,
  OF_LANGUAGE_MODELS,
  tableTrainSettings,
} from "../../train/table-settings";
import { TABLE_SETTINGS } from "../../train/table-settings-shape";
import { train, type TrainPlan, type TrainResult } from "../../train/train";
import { FILES, type RunFolder } from "../folder";
import type { PlainSettings } from "../run-file";
import { saveCells } from "../cells-file";
import { loadInstructionData, loadPart } from "./load";

export type TrainStageSettings = Omit<TrainSettingsInput, "seed" | "threads">;

export interface TrainStageControl extends StageControl {
  threads?: number | undefined;
  /** seconds between checkpoints [30] */
  checkpointEverySeconds?: number | undefined;
  /** bytes that the process may take while training [any] */
  maxMemory?: number | undefined;
  /** told before the first step */
  onPlan?: ((plan: TrainPlan) => void) | undefined;
}

/** The settings with their defaults, as run.json holds them: those that mean something to the kind of base. */
export function plainTrainSettings(settings: TrainStageSettings, base: { name: string }): PlainSettings {
  const { seed: _seed, threads: _threads, device: _device, ...parsed } = parseTrainSettings(settings);
  const others: readonly string[] = isTableBase(base) ? OF_LANGUAGE_MODELS : TABLE_SETTINGS;
  const own = Object.entries(parsed).filter(([name, value]) => value !== undefined && !others.includes(name));
  const plain = Object.fromEntries(own) as PlainSettings;
  return {
    ...plain,
    epochs: plain.epochs ?? null,
    ...(!isTableBase(base) && { maxUses: plain.maxUses ?? null }),
    validateEvery: plain.validateEvery ?? null,
    patience: plain.patience ?? null,
  };
}

/** What training with these settings leaves in the folder. */
export const trainedFile = (settings: PlainSettings | undefined): string =>
  settings?.train === "all" ? FILES.model : FILES.adapter;

/** Trains the adapter on the folder's instruction data; goes on from its checkpoint where there is one. */
export async function trainStage(
  folder: RunFolder,
  base: ResolvedBase,
  settings: TrainStageSettings,
  control: TrainStageControl,
  seed = folder.run.seed,
): Promise<void> {
  const isDone = folder.isDone("train");
  const data = await loadInstructionData(folder);
  const isTable = isTableBase(base);
  const wanted = isTable
    ? tableTrainSettings(settings, rowCount(data.columns), modelColumns(data.schema))
    : languageTrainSettings(settings);
  const plain = plainTrainSettings(wanted, base);
  if (isDone) return folder.agree("train", plain, { base, seed });
  await folder.begin("train", plain, { base, seed });
  const { threads, checkpointEverySeconds, maxMemory, signal, onProgress, onPlan } = control;
  const file = trainedFile(plain);
  const cells = isTable ? CellLanguage.build(data.schema, data.columns, wanted) : undefined;
  const rare = cells && wanted.protectRare ? rareValues(cells.toJson(), data.columns) : undefined;
  const result = await train({
    ...data,
    ...(cells
      ? { base: cells, baseIdentity: TABLE_BASE, k: 0 }
      : { base: base.path, baseIdentity: base.sha256 }),
    settings: {
      ...wanted,
      seed,
      ...(threads !== undefined && { threads }),
    },
    ...(folder.has(FILES.holdout) && { holdout: await loadPart(folder, "holdout", data.schema) }),
    adapter: folder.path(file),
    checkpoint: folder.path(FILES.checkpoint),
    log: folder.path(FILES.log),
    checkpointEverySeconds,
    maxMemory,
    signal,
    onProgress,
    ...(onPlan && { onPlan: (plan: TrainPlan) => onPlan({ ...plan, rare }) }),
  });
  if (cells) await saveCells(folder.path(FILES.schema), data.schema, cells);
  await folder.finish("train", [file, FILES.log], summaryOf(result, rare));
}

function summaryOf(
  { adapter: _adapter, validationLossPerRow, ...rest }: TrainResult,
  rare: readonly RareValues[] | undefined,
): PlainSettings {
  return {
    ...rest,
    ...(rare && {
      rareValues: Object.fromEntries(rare.map(({ column, values }) => [column, values])),
      rareRows: Object.fromEntries(rare.map(({ column, rows }) => [column, rows])),
    }),
    ...(validationLossPerRow && {
      validationLossPerRowBefore: validationLossPerRow.before,
      validationLossPerRowAfter: validationLossPerRow.after,
    }),
  };
}
