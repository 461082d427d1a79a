import { inOrder, type Order } from "../instruct/order";
import type { RowAutomaton } from "../sample/automaton";
import type { PromptTokens } from "../sample/language";
import type { EncodedRow } from "../sample/row-cells";
import { rowCount, type Column } from "../table/columns";
import type { TrainSettings } from "./settings";

/** A group of rows as the tokens that the model reads, with what it has to predict. */
export interface Lesson {
  tokens: Int32Array;
  /** positions whose next token carries loss, ascending; shape (R) */
  lossPositions: Int32Array;
  /** index into the vocabulary under loss, shape (R) */
  labels: Int32Array;
  /** one of the automaton's sets, shape (R) */
  sets: Int32Array;
  /** field of the automaton's schema that each predicted token belongs to, -1 for text between cells; shape (R) */
  columns: Int32Array;
  /** field that the token behind each position belongs to, -1: none; shape of `tokens`; where asked for */
  nextColumns?: Int32Array;
  /** rows whose cells carry loss */
  nRows: number;
}

export interface LessonOptions {
  description: string;
  loss: TrainSettings["loss"];
  vocabulary: TrainSettings["vocabulary"];
  /** end-of-sequence token of the base */
  eos: number;
  /** tell which column each position leads to [false] */
  nextColumns?: boolean | undefined;
}

/** Cells that are kept as tokens; those of larger tables would fill the memory. */
const MOST_KEPT = 5e6;

/** Writes groups of rows as lessons; each row in the schema's order is tokenised once, where there are not too many. */
export class LessonWriter {
  private readonly rows: (EncodedRow | undefined)[] = [];
  private readonly labelOf: Map<number, number>;
  /** by the number of examples */
  private readonly prompts = new Map<number, PromptTokens>();

  private readonly isLarge: boolean;

  constructor(
    private readonly automaton: RowAutomaton,
    private readonly columns: readonly Column[],
    private readonly options: LessonOptions,
  ) {
    this.isLarge = rowCount(columns) * columns.length > MOST_KEPT;
    this.labelOf = new Map(Array.from(automaton.vocabulary, (token, index) => [token, index]));
  }

  /** The lesson of a group of row ids, examples first; its columns in the schema's order, or another. */
  write(group: Int32Array, order?: Order): Lesson {
    const { loss } = this.options;
    const parts = this.prompt(group.length - 1, order);
    const tokens: number[] = [...parts.head];
    const found: Found = { positions: [], labels: [], sets: [], columns: [] };
    const next: number[] = [];
    let nRows = 0;
    group.forEach((id, i) => {
      const last = i === group.length - 1;
      tokens.push(...(last ? parts.cue : parts.before[i]!));
      const row = this.row(id, order);
      if (last || loss === "all") {
        this.mark(row, tokens.length, found);
        nRows++;
      }
      if (this.options.nextColumns)
        row.columns.forEach((column, t) => (next[tokens.length + t - 1] = column));
      tokens.push(...row.tokens);
      const after = last ? parts.tail : parts.after[i]!;
      if (last)
        this.markEnd([...after, ...(parts.endOfSequence ? [this.options.eos] : [])], tokens.length, found);
      tokens.push(...after);
    });
    if (parts.endOfSequence) tokens.push(this.options.eos);
    return {
      tokens: Int32Array.from(tokens),
      lossPositions: Int32Array.from(found.positions),
      labels: Int32Array.from(found.labels),
      sets: Int32Array.from(found.sets),
      columns: Int32Array.from(found.columns),
      ...(this.options.nextColumns && {
        nextColumns: Int32Array.from(tokens, (_, at) => next[at] ?? -1),
      }),
      nRows,
    };
  }

  /** The longest lesson of k examples and a row that the table's rows make, its columns in the schema's order. */
  longest(k: number): Lesson {
    const ids = Array.from({ length: rowCount(this.columns) }, (_, id) => id);
    const lengths = ids.map((id) => this.row(id, undefined).tokens.length);
    return this.write(Int32Array.from(ids.sort((a, b) => lengths[a]! - lengths[b]!).slice(-(k + 1))));
  }

  private prompt(k: number, order: Order | undefined): PromptTokens {
    const { language, schema } = this.automaton;
    const { description } = this.options;
    if (order) return language.prompt(inOrder(schema, order), { description, k });
    let prompt = this.prompts.get(k);
    if (!prompt) this.prompts.set(k, (prompt = language.prompt(schema, { description, k })));
    return prompt;
  }

  private row(id: number, order: Order | undefined): EncodedRow {
    if (order || this.isLarge) return this.automaton.encodeRow(this.columns, id, order);
    return (this.rows[id] ??= this.automaton.encodeRow(this.columns, id));
  }

  /** Tokens of the row that the decoder chooses, or all of them over the full vocabulary. */
  private mark(row: EncodedRow, at: number, found: Found): void {
    row.tokens.forEach((token, t) => {
      const set = row.sets[t]!;
      const column = row.columns[t]!;
      if (this.options.vocabulary === "full") this.push(at + t, token, 0, column, found);
      else if (set >= 0) this.push(at + t, this.labelOf.get(token)!, set, column, found);
    });
  }

  /** What closes an answer is forced for the decoder: it is learnt over the full vocabulary alone. */
  private markEnd(tokens: number[], at: number, found: Found): void {
    if (this.options.vocabulary !== "full") return;
    tokens.forEach((token, t) => this.push(at + t, token, 0, -1, found));
  }

  private push(tokenAt: number, label: number, set: number, column: number, found: Found): void {
    found.positions.push(tokenAt - 1);
    found.labels.push(label);
    found.sets.push(set);
    found.columns.push(column);
  }
}

interface Found {
  positions: number[];
  labels: number[];
  sets: number[];
  columns: number[];
}
