import { isHarmonicError } from "../errors";
import type { FormatName } from "../instruct/format";
import { inOrderOf, modelOrder, type Order } from "../instruct/order";
import type { ModelHandle, TrainerHandle, WeightType } from "../native/addon";
import { loadAddon } from "../native/load";
import { throwIfAborted } from "../progress";
import { RowAutomaton } from "../sample/automaton";
import { tableTokenizer } from "../sample/table-tokenizer";
import type { Column } from "../table/columns";
import { rowCount } from "../table/convert";
import type { TableSchema } from "../table/schema";
import { type Lesson, LessonWriter, type LessonOptions } from "./lesson";
import { packLessons } from "./pack";

/** Tokens computed at a time. */
const MICRO_BATCH_TOKENS = 512;

export interface LikelihoodOptions {
  /** of the table that the model was trained on */
  schema: TableSchema;
  /** the rows that it was trained on, which decide how texts are written */
  columns: Column[];
  format: FormatName;
  description: string;
  /** a GGUF: a base model, or one trained whole */
  base: string;
  /** a LoRA of the base */
  adapter?: string | undefined;
  threads: number;
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
    private readonly trainer: TrainerHandle,
    private readonly model: ModelHandle,
  ) {}

  /** @throws E_MODEL where base or adapter cannot be used */
  static async open(options: LikelihoodOptions): Promise<RowLikelihood> {
    const { schema, columns, description, base, adapter, threads, weights = "auto" } = options;
    const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
    try {
      const language = tableTokenizer(model, options.format, schema, columns);
      const automaton = new RowAutomaton(modelOrder(schema, language), language, options.anyOrder);
      const trainer = await loadAddon().openTrainer({
        path: base,
        ...(adapter !== undefined && { adapter }),
        // An adapter that has learnt nothing changes nothing.
        ...{ rank: 1, alpha: 1, targets: ["q"], seed: 0 },
        ...{ threads, weights, vocabulary: automaton.vocabulary, allowedSets: automaton.allowedSets },
      });
      const lesson = {
        description,
        loss: "last",
        vocabulary: "allowed",
        eos: model.info().eos,
      } as const;
      return new RowLikelihood(automaton, lesson, trainer, model);
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
    this.trainer.close();
    this.model.close();
  }

  private async pass(lessons: Lesson[], signal: AbortSignal | undefined): Promise<number[]> {
    const abort = (): void => this.trainer.abort();
    signal?.addEventListener("abort", abort);
    try {
      const losses: number[] = [];
      for (const batch of packLessons(lessons, MICRO_BATCH_TOKENS)) {
        throwIfAborted(signal, "the evaluation");
        losses.push(...new Float32Array(await this.trainer.evaluate(batch)));
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

/** A row alone; undefined where it does not fit the schema. */
function writeRow(writer: LessonWriter, row: number, order: Order | undefined): Lesson | undefined {
  try {
    return writer.write(Int32Array.of(row), order);
  } catch (error) {
    if (isHarmonicError(error) && error.code === "E_INPUT") return undefined;
    throw error;
  }
}
