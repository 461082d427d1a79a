import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { aborted, HarmonicError, isHarmonicError } from "../errors";
import type { FormatName } from "../instruct/format";
import { rowFormat } from "../instruct/formats";
import { partitionGroups } from "../instruct/groups";
import { inOrderOf, modelOrder } from "../instruct/order";
import { Tokenizer } from "../model/tokenizer";
import type { ModelHandle, TrainBatch, TrainerHandle } from "../native/addon";
import { loadAddon } from "../native/load";
import { type StageControl, throwIfAborted } from "../progress";
import { Random } from "../random";
import { RowAutomaton } from "../sample/automaton";
import type { Column } from "../table/columns";
import { rowCount } from "../table/convert";
import type { TableSchema } from "../table/schema";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint";
import { Curriculum } from "./curriculum";
import { type Lesson, LessonWriter } from "./lesson";
import { appendTrainingLog, openTrainingLog, type TrainingLogEntry } from "./log";
import { packLessons } from "./pack";
import { learningRateAt } from "./schedule";
import {
  adapterAlpha,
  defaultEpochs,
  parseTrainSettings,
  type TrainSettings,
  type TrainSettingsInput,
} from "./settings";

/** Forward and backward cost about three times a forward pass. */
const BACKWARD_FACTOR = 3;
const CHECKPOINT_EVERY_MS = 30_000;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
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
  /** base model, a GGUF */
  base: string;
  /** what tells this base from others, e.g. its SHA-256 */
  baseIdentity: string;
  settings?: TrainSettingsInput;
  /** rows kept from training, on which the loss is measured before and after */
  holdout?: Column[];
  /** files to write */
  adapter: string;
  checkpoint: string;
  log: string;
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
  /** from a timed forward pass on the holdout or the first step */
  estimatedSeconds: number;
}

export interface TrainResult {
  adapter: string;
  steps: number;
  epochs: number;
  tokens: number;
  seconds: number;
  /** nats a row over the last tenth of the steps */
  lossPerRow: number;
  /** nats a row on the holdout, before and after training; absent without holdout */
  holdoutLossPerRow?: { before: number; after: number };
}

/**
 * Fine-tunes a LoRA adapter on groups of rows (HARMONIC, section 3) and writes it as GGUF. Killed or interrupted and
 * called again with the same options, it goes on from its checkpoint and ends with the same adapter, byte for byte.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const settings = parseTrainSettings(options.settings ?? {});
  const nRows = rowCount(options.columns);
  const epochs = settings.epochs ?? defaultEpochs(nRows);
  if (settings.groups === "knn" && !options.neighbors) {
    throw new HarmonicError("E_USAGE", "expected a neighbour table for `groups` knn", {
      hint: "run harmonic preprocess",
    });
  }
  const model = await loadAddon().openModel({ path: options.base, vocabularyOnly: true });
  try {
    return await trainWith(model, options, { ...settings, epochs });
  } finally {
    model.close();
  }
}

/** The same with the tokenizer's model open. */
async function trainWith(
  model: ModelHandle,
  options: TrainOptions,
  settings: TrainSettings & { epochs: number },
): Promise<TrainResult> {
  const { neighbors, targets, k } = options;
  const curriculum = new Curriculum({
    ...{ nRows: rowCount(options.columns), k, epochs: settings.epochs },
    ...{ groups: settings.groups, batch: settings.batch, seed: settings.seed },
    ...(neighbors ? { neighbors } : {}),
    ...(targets ? { targets } : {}),
  });
  const writer = lessonWriters(options, settings, model);
  const lessons = (step: number): Lesson[] =>
    curriculum.groupsOf(step).map((group) => writer.train.write(group));
  const full = settings.vocabulary === "full";
  const trainer = await loadAddon().openTrainer({
    path: options.base,
    rank: settings.rank,
    alpha: adapterAlpha(settings),
    targets: settings.targets,
    seed: settings.seed,
    threads: settings.threads,
    weights: settings.weights,
    vocabulary: full ? new Int32Array(0) : writer.automaton.vocabulary,
    allowedSets: full ? new Uint8Array(0) : writer.automaton.allowedSets,
  });
  const onAbort = (): void => trainer.abort();
  options.signal?.addEventListener("abort", onAbort);
  try {
    const fingerprint = fingerprintOf(options, settings, lessons(0));
    const resumed = await loadCheckpoint(options.checkpoint, fingerprint);
    if (resumed) await trainer.setState(resumed.state);
    const run = new TrainRun(options, settings, trainer, curriculum, lessons, fingerprint);
    return await run.go(resumed?.step ?? 0, settings.epochs, writer.holdout);
  } catch (error) {
    if (isHarmonicError(error) && error.code === "E_ABORTED") throw aborted("training");
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    trainer.close();
  }
}

/** The steps of one call of train(). */
class TrainRun {
  private tokens = 0;
  private checkpointAt = Date.now();

  constructor(
    private readonly options: TrainOptions,
    private readonly settings: TrainSettings,
    private readonly trainer: TrainerHandle,
    private readonly curriculum: Curriculum,
    private readonly lessons: (step: number) => Lesson[],
    private readonly fingerprint: string,
  ) {}

  async go(firstStep: number, epochs: number, holdout: readonly Lesson[]): Promise<TrainResult> {
    const { options, curriculum } = this;
    const started = Date.now();
    const before = await this.measure(holdout.length > 0 ? holdout : this.lessons(firstStep).slice(0, 2));
    options.onPlan?.(this.plan(firstStep, epochs, before.tokensPerSecond / BACKWARD_FACTOR));
    await openTrainingLog(options.log, firstStep);

    const recent: number[] = [];
    for (let step = firstStep; step < curriculum.steps; step++) {
      const entry = await this.step(step, epochs);
      recent.push(entry.lossPerRow);
      if (recent.length > Math.ceil(curriculum.steps / 10)) recent.shift();
      await appendTrainingLog(options.log, entry);
      options.onProgress?.({
        stage: "train",
        done: step + 1,
        total: curriculum.steps,
        unit: "steps",
        note: `loss ${mean(recent).toFixed(2)} nats a row, ${Math.round(entry.tokensPerSecond)} tokens/s`,
      });
      if (Date.now() - this.checkpointAt > CHECKPOINT_EVERY_MS) await this.checkpoint(step + 1);
    }
    const after = holdout.length > 0 ? await this.measure(holdout) : undefined;
    await this.trainer.saveAdapter(options.adapter, { fingerprint: this.fingerprint });
    await rm(options.checkpoint, { force: true });
    return {
      adapter: options.adapter,
      steps: curriculum.steps,
      epochs,
      tokens: this.tokens,
      seconds: (Date.now() - started) / 1000,
      lossPerRow: mean(recent),
      ...(after ? { holdoutLossPerRow: { before: before.lossPerRow, after: after.lossPerRow } } : {}),
    };
  }

  /** Accumulates the gradients of a step's lessons, then updates. An interruption leaves a checkpoint of the steps before. */
  private async step(step: number, epochs: number): Promise<TrainingLogEntry> {
    const { trainer, settings, curriculum } = this;
    const started = Date.now();
    const lessons = this.lessons(step);
    const learningRate = learningRateAt(step, curriculum.steps, settings);
    let loss: number[];
    try {
      loss = await this.pass(lessons, (batch) => trainer.accumulate(batch));
    } catch (error) {
      if (isHarmonicError(error) && error.code === "E_ABORTED") await this.checkpoint(step);
      throw error;
    }
    const sum = loss.reduce((a, b) => a + b, 0);
    const gradientNorm = Number.isFinite(sum)
      ? await trainer.update({
          learningRate,
          weightDecay: settings.weightDecay,
          clip: settings.clip,
          ...ADAM,
        })
      : NaN;
    if (!Number.isFinite(gradientNorm)) {
      await this.checkpoint(step);
      throw new HarmonicError(
        "E_MODEL",
        `the loss is no longer a number at step ${step + 1} of ${curriculum.steps}`,
        {
          hint: `train with a smaller --learning-rate than ${settings.learningRate}`,
        },
      );
    }
    const tokens = countTokens(lessons);
    this.tokens += tokens;
    return {
      step: step + 1,
      epoch: ((step + 1) / curriculum.steps) * epochs,
      loss: sum / Math.max(1, loss.length),
      lossPerRow: sum / lessons.reduce((n, lesson) => n + lesson.nRows, 0),
      learningRate,
      gradientNorm,
      tokensPerSecond: tokens / ((Date.now() - started) / 1000),
    };
  }

  private async measure(
    lessons: readonly Lesson[],
  ): Promise<{ lossPerRow: number; tokensPerSecond: number }> {
    const started = Date.now();
    const loss = await this.pass(lessons, (batch) => this.trainer.evaluate(batch));
    return {
      lossPerRow: loss.reduce((a, b) => a + b, 0) / lessons.reduce((n, lesson) => n + lesson.nRows, 0),
      tokensPerSecond: countTokens(lessons) / ((Date.now() - started) / 1000),
    };
  }

  /** Loss of every position under loss, one micro-batch after another. */
  private async pass(
    lessons: readonly Lesson[],
    run: (batch: TrainBatch) => Promise<ArrayBuffer>,
  ): Promise<number[]> {
    const losses: number[] = [];
    for (const batch of packLessons(lessons, this.settings.microBatchTokens)) {
      throwIfAborted(this.options.signal, "training");
      losses.push(...new Float32Array(await run(batch)));
    }
    return losses;
  }

  private async checkpoint(step: number): Promise<void> {
    const { fingerprint } = this;
    await saveCheckpoint(this.options.checkpoint, { fingerprint, step, state: await this.trainer.state() });
    this.checkpointAt = Date.now();
  }

  private plan(firstStep: number, epochs: number, tokensPerSecond: number): TrainPlan {
    const { curriculum } = this;
    const perStep = countTokens(this.lessons(firstStep)) || 1;
    const tokens = perStep * (curriculum.steps - firstStep);
    return {
      steps: curriculum.steps,
      stepsDone: firstStep,
      epochs,
      rows: rowCount(this.options.columns),
      tokens,
      parameters: this.trainer.nParameters(),
      estimatedSeconds: tokens / tokensPerSecond,
    };
  }
}

interface Writers {
  automaton: RowAutomaton;
  train: LessonWriter;
  /** fixed groups of the holdout's rows */
  holdout: Lesson[];
}

function lessonWriters(options: TrainOptions, settings: TrainSettings, model: ModelHandle): Writers {
  const format = rowFormat(options.format);
  const schema = modelOrder(options.schema, format);
  const automaton = new RowAutomaton(schema, format, new Tokenizer(model));
  const lesson = { format, description: options.description, ...settings, eos: model.info().eos };
  const held = options.holdout ? inOrderOf(schema, options.holdout) : [];
  const holdoutWriter = new LessonWriter(automaton, held, lesson);
  const random = new Random(settings.seed).derive("holdout");
  const groups =
    held.length === 0 || rowCount(held) === 0 ? [] : partitionGroups(rowCount(held), options.k + 1, random);
  const kept = groups.slice(0, Math.ceil(MAX_HOLDOUT_ROWS / (options.k + 1)));
  return {
    automaton,
    train: new LessonWriter(automaton, inOrderOf(schema, options.columns), lesson),
    holdout: kept.map((group) => holdoutWriter.write(group)),
  };
}

/** Everything that decides the result; the data by the tokens of the first step and the whole table's values. */
function fingerprintOf(options: TrainOptions, settings: TrainSettings, first: readonly Lesson[]): string {
  const hash = createHash("sha256");
  const { format, description, k, baseIdentity, schema } = options;
  hash.update(JSON.stringify({ settings, format, description, k, baseIdentity, schema }));
  for (const column of options.columns)
    hash.update(column.kind === "category" ? column.codes : column.scaled);
  for (const lesson of first) hash.update(lesson.tokens);
  if (options.neighbors) hash.update(options.neighbors);
  return hash.digest("hex");
}

const countTokens = (lessons: readonly Lesson[]): number =>
  lessons.reduce((n, lesson) => n + lesson.tokens.length, 0);

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
