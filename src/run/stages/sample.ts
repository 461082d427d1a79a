import { chooseDevice, type Device } from "../../devices/device";
import { resolveAdapter } from "../../model/adapter";
import { readLora } from "../../model/lora";
import { findModel } from "../../model/registry";
import { resolveBase, type ResolvedBase } from "../../model/resolve";
import { isTableBase } from "../../model/table-base";
import { HarmonicError } from "../../errors";
import { hashFile } from "../../hash";
import type { StageControl } from "../../progress";
import { GUESS_DRAWS, type Guess } from "../../sample/best-guess";
import type { Conditions } from "../../sample/conditions";
import { sampleToFile, type SampleOptions } from "../../sample/sample";
import { parseSampleSettings, type SampleSettingsInput } from "../../sample/settings";
import { readTable } from "../../table/read";
import { rowCount } from "../../table/columns";
import { loadCells } from "../cells-file";
import { FILES, type RunFolder } from "../folder";
import type { PlainSettings } from "../run-file";
import { loadInstructionData } from "./load";
import { trainedFile } from "./train";

/** Where finished chunks of rows wait for the others. */
const PARTS = ".synthetic-parts";

/** Rows: as many as there are to learn from, unless said otherwise. */
export type SampleStageSettings = Partial<Omit<SampleSettingsInput, "seed" | "threads">>;

export type SampleStageControl = StageControl & { threads?: number | undefined };

/** How the missing cells of given rows are filled. */
export type Impute = "draw" | Guess["number"];

/** What a folder's rows are drawn with, in place of what it holds. */
export interface SampleOverrides {
  /** default: the folder's */
  seed?: number | undefined;
  /** a GGUF, a folder that PEFT saved, or a run folder; default: the folder's own */
  adapter?: string | undefined;
  /** the adapter's base; default: the one that the folder's own adapter was trained on */
  base?: string | undefined;
  /** rules besides the schema's */
  rules?: readonly string[] | undefined;
  /** whether rows keep to the schema's dependencies [true] */
  dependencies?: boolean | undefined;
  /** a condition, e.g. "age > 40" */
  where?: string | undefined;
  /** path of rows with some cells filled, which are completed */
  given?: string | undefined;
  /** rows to draw for each of them [1, or 100 to make a guess of] */
  givenRowsEach?: number | undefined;
  /** what missing cells are filled with: a draw, or the best guess of many, of a number their median or mean [draw] */
  impute?: Impute | undefined;
  /** a column of which every value is drawn equally often */
  balance?: string | undefined;
  /** path of a table of cells whose last column, weight, says how often they are drawn */
  weights?: string | undefined;
  /** write columns in an order that the adapter was not trained for */
  anyOrder?: boolean | undefined;
}

/** The settings with their defaults, as run.json holds them. */
export function plainSampleSettings(settings: SampleStageSettings, defaults: SampleDefaults): PlainSettings {
  const wanted = { ...defaults, rows: 1, ...settings };
  const { seed: _seed, threads: _threads, device: _device, ...plain } = parseSampleSettings(wanted);
  return {
    ...plain,
    rows: settings.rows ?? null,
    nSequences: plain.nSequences ?? null,
    allowCopies: plain.allowCopies ?? null,
  };
}

export type SampleDefaults = Pick<SampleSettingsInput, "prompt" | "temperature" | "allowCopies">;

/**
 * What is drawn with where nothing else is said: a table model reads no examples; the original draws after random rows, at
 * its temperature, and keeps what comes.
 */
export function sampleDefaults(base: { name: string } | undefined, compat: boolean): SampleDefaults {
  if (isTableBase(base)) return { prompt: "none" };
  return compat ? { prompt: "random", temperature: 0.7, allowCopies: true } : {};
}

/** Draws the run's rows into the folder; goes on from the chunks that an interrupted sampling has left. */
export async function sampleStage(
  folder: RunFolder,
  settings: SampleStageSettings,
  control: SampleStageControl,
): Promise<void> {
  if (folder.isDone("sample")) return;
  await folder.begin("sample", plainSampleSettings(settings, defaultsOf(folder)));
  const { identity, ...options } = await sampleOptions(folder, settings, control);
  const { explain } = options.settings;
  const result = await sampleToFile({
    ...options,
    identity,
    parts: folder.path(PARTS),
    out: folder.path(FILES.synthetic),
    ...(explain === true && { explainOut: folder.path(FILES.explanations) }),
  });
  const outputs = explain === true ? [FILES.synthetic, FILES.explanations] : [FILES.synthetic];
  const { redraws, ...rest } = result;
  await folder.finish("sample", outputs, { ...rest, redraws: { ...redraws } });
}

const defaultsOf = ({ run }: RunFolder): SampleDefaults =>
  sampleDefaults(run.base, run.settings.preprocess?.compat === true);

/** What `sample` needs, from the folder; `identity` tells its base, adapter and rows from others. */
export async function sampleOptions(
  folder: RunFolder,
  settings: SampleStageSettings,
  control: SampleStageControl & SampleOverrides,
): Promise<SampleOptions & { identity: string }> {
  if (control.adapter === undefined && !folder.isDone("train")) {
    throw new HarmonicError("E_RUN", `${folder.directory} has no trained adapter yet`, {
      hint: "harmonic train, or harmonic run, trains one; --adapter takes one trained elsewhere",
    });
  }
  const data = await loadInstructionData(folder);
  const { base, adapter } = await modelOf(folder, control);
  const { threads, signal, onProgress, seed = folder.run.seed } = control;
  const { rules, dependencies, anyOrder } = control;
  const conditions = await readConditions(control);
  if (conditions.given?.guess && settings.explain === true) throw notExplained();
  const givenRows = conditions.given && rowsOf(conditions.given);
  return {
    ...data,
    labelInDistance: folder.run.settings.preprocess?.labelInDistance === true,
    base: base.path,
    ...(adapter !== undefined && { adapter }),
    ...(isOwnTable(folder, control) && {
      cells: await loadCells(folder.path(FILES.schema), data.schema),
      k: 0,
    }),
    ...{ rules, dependencies, conditions, anyOrder },
    permuted: adapter ? await isPermuted(adapter) : Number(folder.run.settings.train?.permute) > 0,
    settings: parseSampleSettings({
      ...defaultsOf(folder),
      rows: rowCount(data.columns),
      ...settings,
      ...(givenRows !== undefined && { rows: givenRows }),
      seed,
      device: deviceOf(settings, isOwnTable(folder, control)),
      ...(threads !== undefined && { threads }),
    }),
    signal,
    onProgress,
    identity: [
      base.sha256,
      ...(adapter === undefined ? [] : [await hashFile(adapter)]),
      await hashFile(folder.path(FILES.train)),
    ].join(" "),
  };
}

async function readConditions({
  where,
  given,
  impute = "draw",
  givenRowsEach: each = impute === "draw" ? 1 : GUESS_DRAWS,
  balance,
  weights,
}: SampleOverrides): Promise<Conditions> {
  const guess = impute === "draw" ? undefined : impute;
  return {
    ...{ where, balance },
    given: given === undefined ? undefined : { table: await readTable(given), each, guess },
    weights: weights === undefined ? undefined : await readTable(weights),
  };
}

/** Rows that come of given ones. */
const rowsOf = ({ table, each, guess }: NonNullable<Conditions["given"]>): number =>
  table.nRows * (guess ? 1 : each);

const notExplained = (): HarmonicError =>
  new HarmonicError("E_USAGE", "a guess made of many draws has no probability of its own to explain", {
    hint: "leave --explain out, or --impute for one draw of each row",
  });

/** Table models have an engine on the processor that few devices are faster than. */
function deviceOf({ device = "auto" }: SampleStageSettings, isTable: boolean): Device["kind"] {
  return isTable && device === "auto" ? "cpu" : chooseDevice(device).kind;
}

/** Whether rows are drawn from the folder's own table model. */
const isOwnTable = ({ run }: RunFolder, { adapter, base }: SampleOverrides): boolean =>
  isTableBase(run.base) && adapter === undefined && base === undefined;

/** Whether an adapter was trained on rows in all orders of their columns, as the trainer notes in it. */
export async function isPermuted(adapter: string): Promise<boolean> {
  const { notes } = await readLora(adapter);
  return Number(notes.permute ?? 0) > 0;
}

/** What draws: a base with an adapter, or the model that the folder has trained whole. */
async function modelOf(
  folder: RunFolder,
  control: SampleStageControl & SampleOverrides,
): Promise<{ base: Pick<ResolvedBase, "path" | "sha256">; adapter?: string }> {
  const file = trainedFile(folder.run.settings.train);
  const own = control.adapter === undefined && control.base === undefined;
  if (own && file === FILES.model) {
    const path = folder.path(file);
    return { base: { path, sha256: await hashFile(path) } };
  }
  const base = control.base === undefined ? await baseOf(folder) : await resolveBase(control.base, control);
  return { base, adapter: await resolveAdapter(control.adapter ?? folder.path(FILES.adapter), base.path) };
}

/** The base that the folder's adapter was trained on. @throws E_MODEL where it is gone or another */
export async function baseOf(folder: RunFolder): Promise<ResolvedBase> {
  const noted = folder.run.base;
  if (noted === undefined) {
    throw new HarmonicError("E_RUN", `${folder.directory}: ${FILES.run} names no base model`, {
      hint: "train the adapter with harmonic train, or give its base with --base",
    });
  }
  if (isTableBase(noted)) {
    throw new HarmonicError("E_USAGE", `${folder.directory} holds a table model, which has no base model`, {
      hint: "name the language model with --base",
    });
  }
  // A path may have been relative to where the adapter was trained.
  const isNamed = noted.name.startsWith("hf:") || findModel(noted.name) !== undefined;
  const base = await resolveBase(isNamed ? noted.name : noted.path);
  if (base.sha256 === noted.sha256) return base;
  throw new HarmonicError(
    "E_MODEL",
    `the base model ${noted.name} is not the one that the adapter was trained on`,
    {
      hint: "put the other one back, or train again in a new folder",
    },
  );
}
