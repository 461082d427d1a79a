import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { CellLanguage } from "../cells/cell-language";
import type { RareValues } from "../cells/rare-values";
import { chooseDevice, placeOn } from "../devices/device";
import { aborted, HarmonicError, isHarmonicError } from "../errors";
import type { FormatName } from "../instruct/format";
import { partitionGroups } from "../instruct/groups";
import { inOrderOf, modelOrder } from "../instruct/order";
import type { ModelInfo, OpenTrainerOptions } from "../native/addon";
import { loadAddon } from "../native/load";
import type { StageControl } from "../progress";
import { Random } from "../random";
import { RowAutomaton } from "../sample/automaton";
import { ALL_ALLOWED } from "../sample/choices";
import type { RowLanguage } from "../sample/language";
import { tableTokenizer } from "../sample/table-tokenizer";
import { rowCount, selectRows, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { loadCheckpoint } from "./checkpoint";
import { Curriculum } from "./curriculum";
import { type Lesson, LessonWriter } from "./lesson";
import {
  adapterAlpha,
  defaultEpochs,
  parseTrainSettings,
  type TrainSettings,
  type TrainSettingsInput,
} from "./settings";
import { type MemoryLimits, type MemoryPlan, planMemory } from "./memory";
import { obstacleOnDevice } from "./place";
import {
  MAX_VALIDATION_ROWS,
  softLabels,
  tableTraining,
  validationRows,
  writeTableModel,
} from "./table-model";
import { TrainRun, type TrainRunParts } from "./train-run";
import { planWhole } from "./whole";

/** Holdout rows that the loss is measured on; more cost time and change little. */
const MAX_HOLDOUT_ROWS = 256;

export interface TrainOptions extends StageControl {
  schema: TableSchema;
  columns: Column[];
  format: FormatName;
  description: string;
  /** examples before the last row of a group */
  k: number;
  /** shape (n, k); needed where the groups are "knn" */
  neighbors?: Int32Array;
  /** rows that get a group of their own where the groups are "knn" (a label filter's), default all */
  targets?: ArrayLike<number>;
  /** what is trained: a base model, a GGUF; or one of random weights that writes rows in cells of its own */
  base: string | CellLanguage;
  /** what tells this base from others, e.g. its SHA-256 */
  baseIdentity: string;
  settings?: TrainSettingsInput;
  /** rows kept from training, on which the loss is measured; they choose the adapter that is kept */
  holdout?: Column[];
  /** files to write: the adapter, or the whole model where `train` is all */
  adapter: string;
  checkpoint: string;
  log: string;
  /** seconds between checkpoints [30]; 0: one after every step */
  checkpointEverySeconds?: number | undefined;
  /** bytes that the process may take while training [any]; what cannot fit is refused before anything is loaded */
  maxMemory?: number | undefined;
  /** told once, before the first step: what will be done and about how long it takes here */
  onPlan?: (plan: TrainPlan) => void;
}

export interface TrainPlan {
  steps: number;
  stepsDone: number;
  epochs: number;
  rows: number;
  tokens: number;
  parameters: number;
  /** operations that the device leaves to the CPU, by name; none where the CPU trains */
  onCpu: string[];
  /** why the CPU trains in place of the device that `auto` has taken; absent where it does not */
  obstacle?: string | undefined;
  /** how the frozen weights and activations are held, and about what the process will take at most */
  memory: MemoryPlan;
  /** categories that are neither learnt nor drawn, of a table model; see CellOptions.protectRare */
  rare?: readonly RareValues[];
  /** from a timed forward pass on the rows left out or the first step */
  estimatedSeconds: number;
}

export interface TrainResult {
  adapter: string;
  /** steps done: fewer than planned where `patience` ended training */
  steps: number;
  epochs: number;
  tokens: number;
  seconds: number;
  /** nats a row over the last tenth of the steps */
  lossPerRow: number;
  /** nats a row on rows left out, before training and of what is kept; absent where there are none */
  validationLossPerRow?: { before: number; after: number };
  /** steps after which the adapter kept was reached; absent where nothing was validated */
  bestStep?: number;
}

/**
 * Fine-tunes a LoRA adapter on groups of rows (HARMONIC, section 3) and writes it as GGUF. Killed or interrupted and
 * called again with the same options, it goes on from its checkpoint and ends with the same adapter, byte for byte.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const settings = parseTrainSettings(options.settings ?? {});
  const { learned, held } = rowsOf(options, settings);
  const epochs = settings.epochs ?? defaultEpochs(rowCount(learned));
  if (settings.patience !== undefined && (rowCount(held) === 0 || settings.validateEvery === 0)) {
    throw new HarmonicError("E_USAGE", "expected holdout rows that are looked at for `patience`", {
      hint: "leave --patience out, or train with a holdout and without --validate-every 0",
    });
  }
  if (settings.maxUses !== undefined && settings.groups !== "knn") {
    throw new HarmonicError("E_USAGE", "expected `groups` knn for `maxUses`", {
      hint: "a partition shows every row once an epoch: leave --max-uses out, or add --groups knn",
    });
  }
  if (settings.groups === "knn" && !options.neighbors) {
    throw new HarmonicError("E_USAGE", "expected a neighbour table for `groups` knn", {
      hint: "run harmonic preprocess",
    });
  }
  // A holdout that nothing was chosen by is an honest yardstick: it is looked at on request alone.
  const validateEvery = settings.validateEvery ?? (settings.patience === undefined ? 0 : undefined);
  const work = { options, settings: { ...settings, epochs, validateEvery }, learned, held };
  const { base } = options;
  if (typeof base === "string") {
    const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
    try {
      const language = tableTokenizer(model, options.format, options.schema, options.columns);
      return await trainWith({ ...work, model: model.info(), path: base, language });
    } finally {
      model.close();
    }
  }
  const path = `${options.adapter}.random.partial`;
  try {
    const model = await writeTableModel(path, base, work.settings);
    return await trainWith({ ...work, model, path, language: base });
  } finally {
    await rm(path, { force: true });
  }
}

interface TrainWork {
  options: TrainOptions;
  settings: TrainSettings & { epochs: number };
  /** the rows that are learnt */
  learned: Column[];
  /** the rows that the loss is measured on */
  held: Column[];
  /** the GGUF that training begins with, and where it is */
  model: ModelInfo;
  path: string;
  language: RowLanguage;
}

/** The holdout is for the scores; a table model has rows of its own to choose its best step by. */
function rowsOf(
  { base, columns, holdout }: TrainOptions,
  { validation = 0, seed }: TrainSettings,
): Pick<TrainWork, "learned" | "held"> {
  if (typeof base === "string") return { learned: columns, held: holdout ?? [] };
  const ids = validationRows(rowCount(columns), validation, seed);
  return { learned: selectRows(columns, ids.learned), held: selectRows(columns, ids.held) };
}

/** The same with what is trained at hand. */
async function trainWith(work: TrainWork): Promise<TrainResult> {
  const { options, settings } = work;
  const { neighbors, targets, k } = options;
  const writer = lessonWriters(work);
  const curriculum = new Curriculum({
    ...{ nRows: rowCount(work.learned), k, epochs: settings.epochs },
    ...{ groups: settings.groups, batch: settings.batch, seed: settings.seed },
    ...(settings.permute > 0 && {
      permute: { share: settings.permute, nColumns: writer.automaton.schema.fields.length },
    }),
    ...(neighbors ? { neighbors } : {}),
    ...(targets ? { targets } : {}),
    ...(settings.maxUses !== undefined && { maxUses: settings.maxUses }),
  });
  const lessons = (step: number): Lesson[] => {
    const orders = curriculum.ordersOf(step);
    return curriculum.groupsOf(step).map((group, g) => writer.train.write(group, orders[g]));
  };
  const full = settings.vocabulary === "full";
  const { kind: device } = chooseDevice(settings.device);
  const fingerprint = fingerprintOf(options, { ...settings, device }, lessons(0), writer.held);
  const resumed = await loadCheckpoint(options.checkpoint, fingerprint);
  const open = {
    path: work.path,
    rank: settings.rank,
    alpha: adapterAlpha(settings),
    dropout: settings.dropout,
    targets: settings.targets,
    seed: settings.seed,
    threads: settings.threads,
    weights: settings.weights,
    ...deviceOf(settings),
    vocabulary: full ? new Int32Array(0) : writer.automaton.vocabulary,
  };
  const mask = (): Uint8Array => (full ? new Uint8Array(0) : writer.automaton.allowedSets);
  const opened =
    settings.train === "all"
      ? await openWhole(work, writer.automaton, open, longestOf(lessons(0)))
      : await openAdapter(
          options,
          settings,
          { ...open, allowedSets: mask() },
          {
            longest:
              options.maxMemory === undefined && open.device === undefined
                ? lessons(0)
                : [writer.train.longest(k), ...writer.held],
            nGroups: Math.max(Math.min(settings.batch, curriculum.groupsPerEpoch), writer.held.length),
            begun: resumed?.memory,
          },
        );
  const { trainer } = opened;
  const onAbort = (): void => trainer.abort();
  options.signal?.addEventListener("abort", onAbort);
  try {
    if (resumed) await trainer.setState(resumed.state);
    const run = new TrainRun({
      ...{ options, settings, curriculum, lessons, fingerprint, ...opened },
      byColumn: work.language instanceof CellLanguage,
      ...(settings.smoothing !== undefined &&
        settings.smoothing > 0 &&
        work.language instanceof CellLanguage && {
          softLabels: softLabels(work.language, writer.automaton, settings.smoothing),
        }),
      ...writer,
    });
    return await run.go(resumed);
  } catch (error) {
    if (isHarmonicError(error) && error.code === "E_ABORTED") throw aborted("training");
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    trainer.close();
  }
}

const longestOf = (lessons: readonly Lesson[]): number =>
  lessons.reduce((length, { tokens }) => Math.max(length, tokens.length), 1);

type Opened = Pick<TrainRunParts, "trainer" | "memory" | "save" | "obstacle">;

/** On the device of `open`, or on the processor where `auto` has taken one that is not to be trained on. */
async function openAdapter(
  options: TrainOptions,
  settings: TrainSettings,
  open: OpenTrainerOptions,
  limits: Pick<MemoryLimits, "nGroups" | "begun"> & { longest: Lesson[] },
): Promise<Opened> {
  const memory = await planMemory(open, {
    ...limits,
    maxMemory: leastMemory(options, settings, open),
    microBatchTokens: settings.microBatchTokens,
    longest: longestOf(limits.longest),
  });
  const { weights, recompute } = memory;
  const planned = { ...open, weights, recompute };
  const obstacle = await obstacleOnDevice(planned, settings.device);
  if (obstacle !== undefined) {
    const { device: _, ...onCpu } = open;
    return { ...(await openAdapter(options, settings, onCpu, limits)), obstacle };
  }
  const trainer = await loadAddon().openTrainer(planned);
  return { trainer, memory, save: (metadata) => trainer.saveAdapter(options.adapter, metadata) };
}

async function openWhole(
  { model, options, settings, language }: TrainWork,
  automaton: RowAutomaton,
  { path, dropout = 0, threads, vocabulary }: Omit<OpenTrainerOptions, "allowedSets">,
  longest: number,
): Promise<Opened> {
  const { maxMemory } = options;
  const memory = planWhole(model, settings, {
    ...{ maxMemory, longest, ofTable: language instanceof CellLanguage },
  });
  const trainer = await loadAddon().openFullTrainer({
    ...{ path, dropout, threads, vocabulary },
    allowedSets: vocabulary.length === 0 ? ALL_ALLOWED : automaton.sets,
    ...(language instanceof CellLanguage && tableTraining(language, automaton, settings)),
  });
  return { trainer, memory, save: (metadata) => trainer.saveModel(options.adapter, metadata) };
}

interface Writers {
  automaton: RowAutomaton;
  train: LessonWriter;
  /** fixed groups of the rows left out */
  held: Lesson[];
}

function lessonWriters({ options, settings, learned, held: rows, model, language }: TrainWork): Writers {
  const schema = modelOrder(options.schema, language);
  const automaton = new RowAutomaton(schema, language, settings.permute > 0);
  // A model of rows in any order is told which column comes next.
  const nextColumns = language instanceof CellLanguage && settings.permute > 0;
  const lesson = { description: options.description, ...settings, eos: model.eos, nextColumns };
  const held = rows.length === 0 ? [] : inOrderOf(schema, rows);
  const heldWriter = new LessonWriter(automaton, held, lesson);
  const random = new Random(settings.seed).derive("holdout");
  const groups =
    held.length === 0 || rowCount(held) === 0 ? [] : partitionGroups(rowCount(held), options.k + 1, random);
  const most = language instanceof CellLanguage ? MAX_VALIDATION_ROWS : MAX_HOLDOUT_ROWS;
  const kept = groups.slice(0, Math.ceil(most / (options.k + 1)));
  return {
    automaton,
    train: new LessonWriter(automaton, inOrderOf(schema, learned), lesson),
    held: kept.map((group) => heldWriter.write(group)),
  };
}

/** Adapters are trained on a device; a whole small model is as fast on the processor. */
function deviceOf({ train, device }: TrainSettings): Pick<OpenTrainerOptions, "device"> {
  return train === "all" ? {} : placeOn(device);
}

/** What was asked for, or what the device has free where that is less. */
function leastMemory(
  { maxMemory }: TrainOptions,
  settings: TrainSettings,
  { device }: OpenTrainerOptions,
): number | undefined {
  const free = device === undefined ? undefined : chooseDevice(settings.device).memoryFree;
  return free === undefined ? maxMemory : Math.min(free, maxMemory ?? Infinity);
}

/**
 * Everything that decides the result; the data by the tokens of the first step and the whole table's values, the rows
 * left out where they choose what is kept.
 */
function fingerprintOf(
  options: TrainOptions,
  settings: TrainSettings,
  first: readonly Lesson[],
  held: readonly Lesson[],
): string {
  const hash = createHash("sha256");
  const { format, description, k, baseIdentity, schema } = options;
  hash.update(JSON.stringify({ settings, format, description, k, baseIdentity, schema }));
  for (const column of options.columns) {
    if (column.kind === "text") hash.update(JSON.stringify(column.values));
    else hash.update(column.kind === "category" ? column.codes : column.scaled);
  }
  for (const lesson of first) hash.update(lesson.tokens);
  if (settings.validateEvery !== 0) for (const lesson of held) hash.update(lesson.tokens);
  if (options.neighbors) hash.update(options.neighbors);
  return hash.digest("hex");
}
