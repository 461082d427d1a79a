import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { chooseDevice, type Device } from "../devices/device";
import { checkTrainable } from "../model/info";
import { modelCache } from "../model/cache";
import { DEFAULT_BASE, findModel } from "../model/registry";
import { resolveBase, type ResolvedBase } from "../model/resolve";
import { AUTO_BASE, NO_FILE_BASE, TABLE_BASE } from "../model/table-base";
import type { StageControl } from "../progress";
import { rowCount, type Column } from "../table/columns";
import { isTextField, type TableSchema } from "../table/schema";
import { defaultEpochs, type TrainSettingsInput } from "../train/settings";
import { languageSetting, modelColumns, tableTrainSettings } from "../train/table-settings";
import { languagePreprocessing, type PreprocessSettings } from "./stages/preprocess";

/** Rows below which what a language model knows of words and numbers counts for more than what the table can teach. */
const FEW_ROWS = 200;
/** A language model that would take longer than this is not chosen for few rows either. */
const LONGEST_SECONDS = 3600;

/** Of a second and core: tokens learnt and rows drawn, on processors of these years; good to a factor of two. */
const SPEED = { languageTrain: 120, languageRows: 3, tableRows: 6000 };
/** The same of a language model on a whole GPU: a careful guess, for none was measured. */
const GPU_SPEED = { languageTrain: 10_000, languageRows: 50 };
/** Tokens that a core learns in a second, times a table model's blocks and the square of its width. */
const TABLE_WORK = 1.5e9;
/** Cells of a row that cost as much to look at, from each of its cells, as another value of the width costs. */
const CELLS_A_WIDTH = 2.5;
/** Tokens of a cell, as a language model and as a table model writes it. */
const TOKENS_A_CELL = { language: 4, table: 1.3 };

export interface BaseChoice {
  name: typeof TABLE_BASE | typeof DEFAULT_BASE;
  /** completes "..., because ..." */
  reason: string;
  /** of training and drawing as many rows, on this machine */
  seconds: number;
  /** what it is trained on; table models have no use for a GPU */
  device: Device;
}

export interface ChoiceOptions {
  schema: TableSchema;
  /** the rows to learn from */
  columns: readonly Column[];
  preprocess: PreprocessSettings;
  train: TrainSettingsInput;
  threads?: number | undefined;
  /** what language models are trained on [the fastest here] */
  device?: Device | undefined;
}

/**
 * The kind of base that suits a table: the language model where there is text to write, where there are very few rows, or
 * where the settings are a language model's; else a table model. Where both were measured, a table model gave rows as good
 * or better in a hundredth of the time: see docs/table-models.md.
 */
export function chooseBase(options: ChoiceOptions): BaseChoice {
  const { schema, columns, preprocess, train, threads = availableParallelism() } = options;
  const nRows = rowCount(columns);
  const nColumns = modelColumns(schema);
  const cells = nRows * nColumns;
  const device = options.device ?? chooseDevice(train.device);
  const [speed, times] = device.id === undefined ? [SPEED, threads] : [GPU_SPEED, 1];
  const passes = train.epochs ?? defaultEpochs(nRows);
  const languageSeconds =
    ((cells * passes * TOKENS_A_CELL.language) / speed.languageTrain + nRows / speed.languageRows) / times;
  const language = (reason: string): BaseChoice => ({
    ...{ name: DEFAULT_BASE, reason, seconds: languageSeconds, device },
  });

  const setting = languagePreprocessing(preprocess) ?? languageSetting(train);
  if (setting !== undefined) return language(`\`${setting}\` is a setting of language models`);
  const text = schema.fields.find(isTextField);
  if (text) return language(`column "${text.name}" holds free text`);
  if (nRows < FEW_ROWS && languageSeconds < LONGEST_SECONDS && isPulled(DEFAULT_BASE)) {
    return language(`${nRows === 1 ? "one row is" : `${nRows} rows are`} too few to learn from alone`);
  }
  const { epochs = 1, layers = 1, width = 1 } = tableTrainSettings(train, nRows, nColumns);
  // Of wide tables looking at the cells before costs more than all products.
  const squares = layers * width * (width + (nColumns * TOKENS_A_CELL.table) / CELLS_A_WIDTH);
  const seconds =
    (cells * epochs * TOKENS_A_CELL.table * squares) / (TABLE_WORK * threads) +
    nRows / (SPEED.tableRows * threads);
  return {
    name: TABLE_BASE,
    reason: reasonFor(nRows, languageSeconds),
    seconds,
    device: chooseDevice("cpu"),
  };
}

function reasonFor(nRows: number, languageSeconds: number): string {
  if (nRows >= FEW_ROWS) return `there are ${nRows.toLocaleString("en")} rows and no free text`;
  return languageSeconds < LONGEST_SECONDS
    ? `there is no free text, and ${DEFAULT_BASE} is not on this machine`
    : "there is no free text, and a language model would take hours";
}

function isPulled(name: string): boolean {
  const model = findModel(name);
  return model !== undefined && existsSync(join(modelCache(), model.file));
}

/**
 * The base by its name: a table model, which has no file, or a language model that can be trained; undefined for "auto".
 * @throws E_MODEL
 */
export async function namedBase(name: string, control: StageControl): Promise<ResolvedBase | undefined> {
  if (name === AUTO_BASE) return undefined;
  if (name === TABLE_BASE) return NO_FILE_BASE;
  const base = await resolveBase(name, control);
  await checkTrainable(base.path);
  return base;
}
