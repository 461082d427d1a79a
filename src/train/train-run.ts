import { rm } from "node:fs/promises";
import { chooseDevice } from "../devices/device";
import { HarmonicError, isHarmonicError } from "../errors";
import type { TrainBatch, TrainingHandle } from "../native/addon";
import { throwIfAborted } from "../progress";
import { Random } from "../random";
import type { RowAutomaton } from "../sample/automaton";
import { rowCount } from "../table/columns";
import { type Checkpoint, saveCheckpoint } from "./checkpoint";
import type { Curriculum } from "./curriculum";
import type { Lesson } from "./lesson";
import { appendTrainingLog, openTrainingLog, type TrainingLogEntry } from "./log";
import { LossWatch } from "./loss-watch";
import type { MemoryPlan } from "./memory";
import { packLessons, type PassOptions } from "./pack";
import { learningRateAt } from "./schedule";
import type { SoftLabels } from "./soft-labels";
import type { TrainSettings } from "./settings";
import type { TrainOptions, TrainPlan, TrainResult } from "./train";
import { defaultValidateEvery, validationLoss, lossPerColumn, Validation } from "./validation";

/** Forward and backward cost about three times a forward pass. */
const BACKWARD_FACTOR = 3;
const CHECKPOINT_EVERY_SECONDS = 30;
/** Times that a training tells what each column costs, and how many columns it names. */
const TIMES_BY_COLUMN = 20;
const COLUMNS_NAMED = 2;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

export interface TrainRunParts {
  options: TrainOptions;
  settings: TrainSettings & { epochs: number };
  memory: MemoryPlan;
  trainer: TrainingHandle;
  /** as of TrainPlan */
  obstacle?: string | undefined;
  /** writes what is trained to `options.adapter` */
  save: (metadata: Record<string, string>) => Promise<void>;
  curriculum: Curriculum;
  automaton: RowAutomaton;
  /** what a step learns */
  lessons: (step: number) => Lesson[];
  /** rows left out of training, in fixed groups; the loss is measured on them */
  held: readonly Lesson[];
  /** whether it is told now and then what each column costs */
  byColumn: boolean;
  /** spreads what a step learns */
  softLabels?: SoftLabels | undefined;
  fingerprint: string;
}

/** The steps of one call of train(): the loop, what it keeps, and what it says. */
export class TrainRun {
  private tokens = 0;
  /** what the columns that cost most did when it was last told */
  private dearest = "";
  private checkpointAt = Date.now();
  private watch = new LossWatch();
  private validation!: Validation;
  /** where the best validation was made; its state is the adapter to keep */
  private best: Checkpoint | undefined;
  /** of a step whose validation is not done */
  private pending: TrainingLogEntry | undefined;

  constructor(private readonly parts: TrainRunParts) {}

  async go(resumed: Checkpoint | undefined): Promise<TrainResult> {
    const { options, curriculum, held, lessons, settings } = this.parts;
    const started = Date.now();
    const firstStep = resumed?.step ?? 0;
    // Rows of a table model are quick, and one or two say little of what many take.
    const first = lessons(firstStep).slice(0, this.parts.byColumn ? undefined : 2);
    const now = await this.measure(held.length > 0 ? held : first);
    this.validation = this.newValidation(resumed?.validation?.before ?? now.lossPerRow);
    if (resumed) this.restore(resumed);
    options.onPlan?.(this.plan(firstStep, await this.trainingSpeed(first, now.tokensPerSecond)));
    const logged = await openTrainingLog(options.log, firstStep);

    const nRecent = Math.ceil(curriculum.steps / 10);
    const recent = logged.slice(-nRecent).map((entry) => entry.lossPerRow);
    let step = firstStep;
    for (; step < curriculum.steps && !this.validation.givesUp; step++) {
      const entry = this.pending ?? (await this.step(step));
      this.pending = entry;
      if (this.watch.exploded) await this.explode(entry);
      if (this.validation.due(step + 1)) await this.validate(entry);
      this.pending = undefined;
      recent.push(entry.lossPerRow);
      if (recent.length > nRecent) recent.shift();
      await appendTrainingLog(options.log, entry);
      this.tell(entry, mean(recent));
      if (this.isCheckpointDue() && this.watch.healthy) await this.checkpoint(step + 1);
    }
    const after = await this.keepBest(step);
    await this.parts.save({
      fingerprint: this.parts.fingerprint,
      permute: String(settings.permute),
    });
    await rm(options.checkpoint, { force: true });
    return {
      adapter: options.adapter,
      steps: step,
      epochs: (settings.epochs * step) / curriculum.steps,
      tokens: this.tokens,
      seconds: (Date.now() - started) / 1000,
      lossPerRow: mean(recent),
      ...(after !== undefined && { validationLossPerRow: { before: this.validation.record.before, after } }),
      ...(this.best && { bestStep: this.best.step }),
    };
  }

  private get names(): string[] {
    return this.parts.automaton.schema.fields.map(({ name }) => name);
  }

  private newValidation(before: number): Validation {
    const { settings, curriculum, held, lessons } = this.parts;
    const { steps } = curriculum;
    const cost = BACKWARD_FACTOR * steps * countTokens(lessons(0));
    const every =
      held.length === 0
        ? 0
        : (settings.validateEvery ?? defaultValidateEvery(steps, cost, countTokens(held)));
    return new Validation(every, steps, settings.patience, { before, misses: 0 });
  }

  private restore(resumed: Checkpoint): void {
    const { pending, loss, validation, state, bestState = state } = resumed;
    this.pending = pending;
    this.watch = new LossWatch(loss);
    if (validation === undefined) return;
    this.validation.record = validation;
    const { fingerprint } = this.parts;
    if (validation.best) this.best = { fingerprint, step: validation.best.step, state: bestState };
  }

  /** Accumulates the gradients of a step's lessons, then updates. An interruption leaves a checkpoint of the steps before. */
  private async step(step: number): Promise<TrainingLogEntry> {
    const { trainer, settings, curriculum } = this.parts;
    const started = Date.now();
    const lessons = this.parts.lessons(step);
    const learningRate = learningRateAt(step, curriculum.steps, settings);
    const loss = await this.orCheckpoint(step, () =>
      this.pass(lessons, (batch) => trainer.accumulate(batch), {
        dropoutSeeds: this.dropoutSeeds(step, lessons.length),
        softLabels: this.parts.softLabels,
      }),
    );
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
      throw this.lost(`the loss is no longer a number at step ${step + 1} of ${curriculum.steps}`);
    }
    const tokens = countTokens(lessons);
    this.tokens += tokens;
    const mean = sum / Math.max(1, loss.length);
    // Saturated: values so large that nothing changes the loss any more, though it is no better than before.
    if (gradientNorm === 0 && mean > 0) {
      throw this.lost(`the gradient has become zero at step ${step + 1} of ${curriculum.steps}`);
    }
    this.watch.add(mean);
    const every = Math.ceil(curriculum.steps / TIMES_BY_COLUMN);
    const byColumn = this.parts.byColumn && (step + 1) % every === 0;
    return {
      step: step + 1,
      epoch: ((step + 1) / curriculum.steps) * settings.epochs,
      loss: mean,
      lossPerRow: sum / lessons.reduce((n, lesson) => n + lesson.nRows, 0),
      ...(byColumn && { lossPerColumn: lossPerColumn(loss, lessons, this.names) }),
      learningRate,
      gradientNorm,
      tokensPerSecond: tokens / secondsSince(started),
    };
  }

  /** One for each lesson of a step, from (seed, step) alone, so that a run that goes on draws the same masks. */
  private dropoutSeeds(step: number, n: number): BigUint64Array | undefined {
    const { dropout, seed } = this.parts.settings;
    if (dropout === 0) return undefined;
    const random = new Random(seed).derive("dropout").derive(step);
    return BigUint64Array.from({ length: n }, () => random.nextUint64());
  }

  /** Adds the loss of the rows left out to the entry; the best state so far is kept. */
  private async validate(entry: TrainingLogEntry): Promise<void> {
    const { held, trainer, fingerprint } = this.parts;
    const losses = await this.orCheckpoint(entry.step - 1, () =>
      this.pass(held, (batch) => trainer.evaluate(batch)),
    );
    Object.assign(entry, validationLoss(losses, held, this.names));
    if (!this.validation.note(entry.step, entry.validationLossPerRow!)) return;
    const state = await trainer.state();
    this.best = { fingerprint, step: entry.step, state, ...this.records() };
  }

  /** Puts the best state in the place of the last; the loss of the rows left out with what is there then. */
  private async keepBest(stepsDone: number): Promise<number | undefined> {
    const { held, trainer } = this.parts;
    if (this.best) {
      if (this.best.step !== stepsDone) await trainer.setState(this.best.state);
      return this.validation.record.best!.lossPerRow;
    }
    return held.length > 0 ? (await this.measure(held)).lossPerRow : undefined;
  }

  /** Ends a run whose loss has exploded; the checkpoint is of the best validation, or of when the loss was healthy. */
  private async explode(entry: TrainingLogEntry): Promise<never> {
    const { options, curriculum } = this.parts;
    await appendTrainingLog(options.log, entry);
    if (this.best?.loss) await saveCheckpoint(options.checkpoint, this.best);
    const { first, smoothed } = this.watch.record!;
    throw this.lost(
      `the loss has exploded at step ${entry.step} of ${curriculum.steps}: ` +
        `${smoothed.toFixed(2)} nats a token after ${first.toFixed(2)} at the first step`,
    );
  }

  private lost(message: string): HarmonicError {
    return new HarmonicError("E_MODEL", message, {
      hint: `train with a smaller --learning-rate than ${this.parts.settings.learningRate}`,
    });
  }

  private async measure(
    lessons: readonly Lesson[],
  ): Promise<{ lossPerRow: number; tokensPerSecond: number }> {
    const started = Date.now();
    const loss = await this.pass(lessons, (batch) => this.parts.trainer.evaluate(batch));
    return {
      lossPerRow: loss.reduce((a, b) => a + b, 0) / lessons.reduce((n, lesson) => n + lesson.nRows, 0),
      tokensPerSecond: countTokens(lessons) / secondsSince(started),
    };
  }

  /**
   * Tokens a second of training. Table models are trained in halves but evaluated in full precision, so one learns for a
   * moment what is then taken back; a large model, whose state is no small copy, follows from the evaluation.
   */
  private async trainingSpeed(lessons: readonly Lesson[], evaluated: number): Promise<number> {
    const { trainer, byColumn } = this.parts;
    if (!byColumn) return evaluated / BACKWARD_FACTOR;
    const state = await trainer.state();
    const started = Date.now();
    await this.pass(lessons, (batch) => trainer.accumulate(batch), {
      dropoutSeeds: this.dropoutSeeds(0, lessons.length),
    });
    const speed = countTokens(lessons) / secondsSince(started);
    await trainer.setState(state);
    return speed;
  }

  /** Loss of every position under loss, one micro-batch after another. */
  private async pass(
    lessons: readonly Lesson[],
    run: (batch: TrainBatch) => Promise<ArrayBuffer>,
    options: PassOptions = {},
  ): Promise<number[]> {
    const losses: number[] = [];
    const { microBatchTokens, onDevice: padded } = this.parts.memory;
    for (const batch of packLessons(lessons, microBatchTokens, { ...options, padded })) {
      throwIfAborted(this.parts.options.signal, "training");
      losses.push(...new Float32Array(await run(batch)));
    }
    return losses;
  }

  /** Does some work; an interruption leaves a checkpoint of the steps before. */
  private async orCheckpoint<T>(step: number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isHarmonicError(error)) throw error;
      if (error.code === "E_ABORTED") await this.checkpoint(step);
      // A device that is gone keeps its adapter: the checkpoint before stays.
      if (error.code === "E_NATIVE") await this.checkpoint(step).catch(() => undefined);
      throw error;
    }
  }

  private isCheckpointDue(): boolean {
    const { checkpointEverySeconds = CHECKPOINT_EVERY_SECONDS } = this.parts.options;
    return Date.now() - this.checkpointAt >= 1000 * checkpointEverySeconds;
  }

  private async checkpoint(step: number): Promise<void> {
    const { fingerprint, options, trainer } = this.parts;
    await saveCheckpoint(options.checkpoint, {
      ...{ fingerprint, step, ...this.records(), state: await trainer.state() },
      ...(this.pending && { pending: this.pending }),
      ...(this.best && { bestState: this.best.state }),
    });
    this.checkpointAt = Date.now();
  }

  private records(): Pick<Checkpoint, "loss" | "validation" | "memory"> {
    const loss = this.watch.record;
    const { microBatchTokens, weights } = this.parts.memory;
    return {
      ...(loss && { loss }),
      validation: this.validation.record,
      memory: { microBatchTokens, weights },
    };
  }

  private tell(entry: TrainingLogEntry, lossPerRow: number): void {
    const { options, curriculum } = this.parts;
    const best = this.validation.record.best;
    const held = best ? `, validation ${best.lossPerRow.toFixed(2)}` : "";
    this.dearest = dearestColumns(entry.lossPerColumn) ?? this.dearest;
    options.onProgress?.({
      stage: "train",
      done: entry.step,
      total: curriculum.steps,
      unit: "steps",
      note: `loss ${lossPerRow.toFixed(2)} nats a row${this.dearest}${held}, ${Math.round(entry.tokensPerSecond)} tokens/s`,
    });
  }

  private plan(firstStep: number, tokensPerSecond: number): TrainPlan {
    const { curriculum, lessons, settings, options, trainer } = this.parts;
    // Asked for or not, a device does not train whole models.
    const isLeft = settings.train === "all" && chooseDevice(settings.device).id !== undefined;
    const perStep = countTokens(lessons(firstStep)) || 1;
    const tokens = perStep * (curriculum.steps - firstStep);
    return {
      steps: curriculum.steps,
      stepsDone: firstStep,
      epochs: settings.epochs,
      rows: rowCount(options.columns),
      tokens,
      parameters: trainer.nParameters(),
      memory: this.parts.memory,
      onCpu: isLeft ? ["all of it"] : trainer.onCpu(),
      obstacle: this.parts.obstacle,
      estimatedSeconds: tokens / tokensPerSecond,
    };
  }
}

/** " (fnlwgt 4.21, age 3.40)" */
function dearestColumns(losses: Record<string, number> | undefined): string | undefined {
  if (losses === undefined) return undefined;
  const sorted = Object.entries(losses).sort(([, a], [, b]) => b - a);
  const named = sorted.slice(0, COLUMNS_NAMED).map(([name, loss]) => `${name} ${loss.toFixed(2)}`);
  return ` (${named.join(", ")})`;
}

/** At least one of the clock's steps. */
const secondsSince = (started: number): number => Math.max(1, Date.now() - started) / 1000;

const countTokens = (lessons: readonly Lesson[]): number =>
  lessons.reduce((n, lesson) => n + lesson.tokens.length, 0);

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
