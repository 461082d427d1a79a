import type { CellLanguage } from "../cells/cell-language";
import type { DeviceName } from "../devices/kinds";
import { isHarmonicError } from "../errors";
import type { FormatName } from "../instruct/format";
import { inOrderOf, modelOrder, type Order } from "../instruct/order";
import type { ModelHandle, TrainingHandle, WeightType } from "../native/addon";
import { loadAddon } from "../native/load";
import { throwIfAborted } from "../progress";
import { RowAutomaton } from "../sample/automaton";
import type { RowLanguage } from "../sample/language";
import { tableTokenizer } from "../sample/table-tokenizer";
import { rowCount, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { type Lesson, LessonWriter, type LessonOptions } from "./lesson";
import { packLessons } from "./pack";
import { type OnNote, openTrainerOn } from "./place";

/** Tokens computed at a time. */
const MICRO_BATCH_TOKENS = 512;

export interface LikelihoodOptions {
  /** of the table that the model was trained on */
  schema: TableSchema;
  /** the rows that it was trained on, which decide how texts are written */
  columns: Column[];
  format: FormatName;
  description: string;
  /** what a table model writes rows in; absent: the base's own tokens */
  cells?: CellLanguage | undefined;
  /** a GGUF: a base model, or one trained whole; absent: every valid token is as likely, of a table model alone */
  base?: string | undefined;
  /** a LoRA of the base */
  adapter?: string | undefined;
  threads: number;
  /** what a language model is computed on [auto] */
  device?: DeviceName | undefined;
  onNote?: OnNote | undefined;
  /** type that the weights are held in [auto] */
  weights?: WeightType | undefined;
  /** rows are asked for in other orders of their columns too [false] */
  anyOrder?: boolean | undefined;
}

/** How unlikely a model finds rows. */
export interface RowLosses {
  /** negative natural logarithm of each row's probability among all valid rows; NaN where a row does not fit; shape (n) */
  nats: Float64Array;
  /** tokens of each row that were chosen among several, shape (n) */
  nTokens: Int32Array;
  /** `nats` by cell, in the order of `fields`; shape (n, fields), row-major */
  cells: Float64Array;
}

/**
 * The probabilities that a model gives to rows when it writes them without examples in the prompt, held to the schema as
 * in sampling.
 */
export class RowLikelihood {
  private constructor(
    private readonly automaton: RowAutomaton,
    private readonly lessonOptions: LessonOptions,
    private readonly scorer: Scorer,
    /** whose tokenizer writes prompts */
    private readonly model?: ModelHandle,
  ) {}

  /** @throws E_MODEL where base or adapter cannot be used */
  static async open(options: LikelihoodOptions): Promise<RowLikelihood> {
    const { schema, cells } = options;
    const automatonOf = (language: RowLanguage): RowAutomaton =>
      new RowAutomaton(modelOrder(schema, language), language, options.anyOrder);
    const lesson = { description: options.description, loss: "last", vocabulary: "allowed" } as const;
    if (cells) {
      const automaton = automatonOf(cells);
      // A model of rows in any order is told which column comes next.
      const written = { ...lesson, eos: -1, nextColumns: options.anyOrder };
      return new RowLikelihood(automaton, written, await tableScorer(automaton, options));
    }
    const path = options.base!;
    const model = await loadAddon().openModel({ path, vocabularyOnly: true });
    try {
      const automaton = automatonOf(tableTokenizer(model, options.format, schema, options.columns));
      const scorer = await languageScorer(automaton, options, path);
      return new RowLikelihood(automaton, { ...lesson, eos: model.info().eos }, scorer, model);
    } catch (error) {
      model.close();
      throw error;
    }
  }

  /** Names of the columns that the model writes, in the order of `RowLosses.cells`. */
  get fields(): string[] {
    return this.automaton.schema.fields.map(({ name }) => name);
  }

  /** Losses of all rows of a table of the schema, its columns written in an order of `fields`. @throws E_ABORTED */
  async of(table: readonly Column[], order?: Order, signal?: AbortSignal): Promise<RowLosses> {
    const columns = inOrderOf(this.automaton.schema, table);
    const writer = new LessonWriter(this.automaton, columns, this.lessonOptions);
    const lessons = Array.from({ length: rowCount(columns) }, (_, row) => writeRow(writer, row, order));
    const losses = await this.pass(
      lessons.filter((lesson) => lesson !== undefined),
      signal,
    );
    return this.collect(lessons, losses);
  }

  /** Idempotent. */
  close(): void {
    this.scorer.close();
    this.model?.close();
  }

  private async pass(lessons: Lesson[], signal: AbortSignal | undefined): Promise<number[]> {
    const abort = (): void => this.scorer.abort();
    signal?.addEventListener("abort", abort);
    try {
      const losses: number[] = [];
      for (const batch of packLessons(lessons, MICRO_BATCH_TOKENS)) {
        throwIfAborted(signal, "the evaluation");
        losses.push(...new Float32Array(await this.scorer.evaluate(batch)));
      }
      return losses;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  private collect(lessons: (Lesson | undefined)[], losses: number[]): RowLosses {
    const width = this.fields.length;
    const nats = new Float64Array(lessons.length);
    const nTokens = new Int32Array(lessons.length);
    const cells = new Float64Array(lessons.length * width);
    let at = 0;
    lessons.forEach((lesson, row) => {
      if (!lesson) nats[row] = NaN;
      for (const column of lesson?.columns ?? []) {
        nats[row]! += losses[at]!;
        cells[row * width + column]! += losses[at]!;
        nTokens[row]!++;
        at++;
      }
    });
    return { nats, nTokens, cells };
  }
}

/** What gives the losses of a batch. */
type Scorer = Pick<TrainingHandle, "evaluate" | "abort" | "close">;

async function languageScorer(
  automaton: RowAutomaton,
  { adapter, threads, device, weights = "auto", onNote }: LikelihoodOptions,
  path: string,
): Promise<Scorer> {
  const { vocabulary, allowedSets } = automaton;
  const open = {
    path,
    ...(adapter !== undefined && { adapter }),
    // An adapter that has learnt nothing changes nothing.
    ...{ rank: 1, alpha: 1, targets: ["q" as const], seed: 0 },
    ...{ threads, weights, vocabulary, allowedSets },
  };
  return await openTrainerOn(device, open, onNote);
}

async function tableScorer(
  automaton: RowAutomaton,
  { base: path, threads }: LikelihoodOptions,
): Promise<Scorer> {
  if (path === undefined) return uniform(automaton);
  const { vocabulary, sets: allowedSets } = automaton;
  return await loadAddon().openFullTrainer({ path, threads, vocabulary, allowedSets });
}

/** A model that knows what is valid and nothing else. */
function uniform({ sets: { offsets } }: RowAutomaton): Scorer {
  const losses = Array.from(offsets.subarray(1), (end, set) => Math.log(end - offsets[set]!));
  return {
    evaluate: ({ sets }) => Promise.resolve(Float32Array.from(sets, (set) => losses[set]!).buffer),
    abort: () => undefined,
    close: () => undefined,
  };
}

/** A row alone; undefined where it does not fit the schema. */
function writeRow(writer: LessonWriter, row: number, order: Order | undefined): Lesson | undefined {
  try {
    return writer.write(Int32Array.of(row), order);
  } catch (error) {
    if (isHarmonicError(error) && error.code === "E_INPUT") return undefined;
    throw error;
  }
}
