import type { DeviceName } from "../devices/kinds";
import { Tokenizer } from "../model/tokenizer";
import type { ModelHandle, TrainerHandle, TrainTarget } from "../native/addon";
import { loadAddon } from "../native/load";
import { throwIfAborted } from "../progress";
import { Random } from "../random";
import type { Lesson } from "./lesson";
import { packLessons } from "./pack";
import { type OnNote, openTrainerOn } from "./place";
import { learningRateAt } from "./schedule";

const MICRO_BATCH_TOKENS = 512;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 1e-5, clip: 1 };
const TARGETS: TrainTarget[] = ["q", "k", "v", "o", "gate", "up", "down"];

export interface ClassifierOptions {
  /** base model, a GGUF */
  base: string;
  /** what may follow a prompt; at least two, all different */
  choices: readonly string[];
  epochs: number;
  batch: number;
  learningRate: number;
  seed: number;
  threads: number;
  /** what the model is computed on [auto] */
  device?: DeviceName | undefined;
  onNote?: OnNote | undefined;
  signal?: AbortSignal | undefined;
  /** told of the tokens learnt so far, and of all that there are to learn */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Prompts with what follows each. */
export interface LabelledPrompts {
  prompts: readonly string[];
  /** index of the choice, shape (n) */
  labels: ArrayLike<number>;
}

/**
 * A base model with a LoRA that learns which of some choices follows a prompt. The loss is on the choice's tokens and the
 * line end behind them, among the tokens that choices are made of.
 */
export class Classifier {
  /** of each choice, with the line end */
  private readonly endings: (readonly number[])[];
  /** by token id */
  private readonly labelOf: Map<number, number>;

  private constructor(
    private readonly options: ClassifierOptions,
    private readonly model: ModelHandle,
    private readonly tokenizer: Tokenizer,
    private readonly trainer: TrainerHandle,
    vocabulary: Int32Array,
  ) {
    this.endings = endingsOf(tokenizer, options.choices);
    this.labelOf = new Map(Array.from(vocabulary, (token, index) => [token, index]));
  }

  /** Fine-tunes the base. @throws E_MODEL where it cannot be trained, E_ABORTED */
  static async train(examples: LabelledPrompts, options: ClassifierOptions): Promise<Classifier> {
    const { base, choices, seed, threads, device, onNote } = options;
    const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
    try {
      const tokenizer = new Tokenizer(model);
      const tokens = new Set(endingsOf(tokenizer, choices).flat());
      const vocabulary = Int32Array.from(tokens).sort();
      const open = {
        ...{ path: base, rank: 16, alpha: 32, targets: TARGETS, weights: "auto" as const },
        ...{ seed, threads, vocabulary, allowedSets: new Uint8Array(0) },
      };
      const trainer = await openTrainerOn(device, open, onNote);
      const classifier = new Classifier(options, model, tokenizer, trainer, vocabulary);
      await classifier.abortable(() => classifier.learn(examples));
      return classifier;
    } catch (error) {
      model.close();
      throw error;
    }
  }

  /**
   * How likely each choice is after each prompt: the product over its tokens, scaled so that all choices together have 1;
   * shape (n, choices), row-major.
   */
  async probabilities(prompts: readonly string[]): Promise<Float64Array> {
    const k = this.endings.length;
    const lessons = prompts.flatMap((prompt) => {
      const ids = this.tokenizer.encodeOnce(prompt);
      return this.endings.map((_, choice) => this.lesson(ids, choice));
    });
    const losses = await this.abortable(() => this.pass(lessons, "evaluate"));
    let at = 0;
    const logs = lessons.map((lesson) => {
      let sum = 0;
      for (let t = 0; t < lesson.labels.length; t++) sum -= losses[at++]!;
      return sum;
    });
    return Float64Array.from(logs, (log, i) => {
      const row = logs.slice(i - (i % k), i - (i % k) + k);
      const largest = Math.max(...row);
      return Math.exp(log - largest) / row.reduce((sum, other) => sum + Math.exp(other - largest), 0);
    });
  }

  /** Idempotent. */
  close(): void {
    this.trainer.close();
    this.model.close();
  }

  private async learn({ prompts, labels }: LabelledPrompts): Promise<void> {
    const { batch, epochs, learningRate, seed, onProgress } = this.options;
    const lessons = prompts.map((prompt, i) => this.lesson(this.tokenizer.encodeOnce(prompt), labels[i]!));
    const stepsPerEpoch = Math.ceil(lessons.length / batch);
    const schedule = { learningRate, schedule: "cosine", warmup: 0.05 } as const;
    const total = epochs * nTokensOf(lessons);
    let done = 0;
    onProgress?.(done, total);
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = new Random(seed)
        .derive("classifier")
        .derive(epoch)
        .shuffle([...lessons]);
      for (let step = 0; step < stepsPerEpoch; step++) {
        const some = order.slice(step * batch, (step + 1) * batch);
        await this.pass(some, "accumulate");
        const rate = learningRateAt(epoch * stepsPerEpoch + step, epochs * stepsPerEpoch, schedule);
        await this.trainer.update({ ...ADAM, learningRate: rate });
        done += nTokensOf(some);
        onProgress?.(done, total);
      }
    }
  }

  private async pass(lessons: Lesson[], how: "accumulate" | "evaluate"): Promise<number[]> {
    const losses: number[] = [];
    for (const batch of packLessons(lessons, MICRO_BATCH_TOKENS)) {
      throwIfAborted(this.options.signal, "the evaluation");
      losses.push(...new Float32Array(await this.trainer[how](batch)));
    }
    return losses;
  }

  private lesson(prompt: readonly number[], choice: number): Lesson {
    const ending = this.endings[choice]!;
    const n = ending.length;
    return {
      tokens: Int32Array.from([...prompt, ...ending]),
      lossPositions: Int32Array.from(ending, (_, t) => prompt.length + t - 1),
      labels: Int32Array.from(ending, (token) => this.labelOf.get(token)!),
      sets: new Int32Array(n),
      columns: new Int32Array(n),
      nRows: 1,
    };
  }

  private async abortable<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this.options;
    const abort = (): void => this.trainer.abort();
    signal?.addEventListener("abort", abort);
    try {
      return await work();
    } catch (error) {
      // What the engine says of it is about training.
      throwIfAborted(signal, "the evaluation");
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}

function nTokensOf(lessons: readonly Lesson[]): number {
  return lessons.reduce((sum, { tokens }) => sum + tokens.length, 0);
}

function endingsOf(tokenizer: Tokenizer, choices: readonly string[]): (readonly number[])[] {
  const end = tokenizer.encode("\n");
  return choices.map((choice) => [...tokenizer.encode(choice), ...end]);
}
