import { inOrder, naturalOrder, type Order } from "../instruct/order";
import type { AutomatonTables, LabelSets } from "../native/addon";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { distinctChoices, maskOf } from "./choices";
import { columnKinds } from "./compile-row";
import { flatten, Node } from "./graph";
import type { RowLanguage } from "./language";
import { unfit } from "./unfit";
import { behindSilent, edgeOf } from "./walk";

/** A row as tokens, its columns in some order. */
export interface EncodedRow {
  tokens: Int32Array;
  /** set that the decoder chooses each token from, -1 where it has no choice */
  sets: Int32Array;
  /** field that each token belongs to: that of its cell, -1 for text between cells */
  columns: Int32Array;
}

/** A token of a row with what it does to a column's value; see AutomatonTables. */
export interface Step {
  token: number;
  column: number;
  action: number;
  /** see Edge */
  value?: number;
}

/** One column's cell with one kind of text behind it. */
interface Cell {
  tables: AutomatonTables;
  setOfState: Int32Array;
}

/**
 * The rows of a table with their columns in any order. What the decoder may choose in a cell depends on the column and
 * on how the text behind the cell begins, so each cell is compiled once for each such beginning, whatever the orders.
 */
export class RowCells {
  /** token ids on the edges of states with a choice, ascending */
  readonly vocabulary: Int32Array;
  /** the distinct sets of allowed tokens, by index into the vocabulary */
  readonly sets: LabelSets;

  /** by column, then by the first token of the text behind the cell, if any */
  private readonly cells: Map<number | undefined, Cell>[];
  private mask: Uint8Array | undefined;
  private lastLiterals: { order: Order; literals: (readonly number[])[] } | undefined;
  private readonly encoders = new WeakMap<readonly Column[], ((i: number) => readonly number[])[]>();
  private readonly givens = new WeakMap<readonly Column[], ((i: number) => readonly Step[])[]>();

  /** `anyOrder`: orders other than the schema's are asked for too */
  constructor(
    readonly schema: TableSchema,
    readonly language: RowLanguage,
    anyOrder = false,
  ) {
    const n = schema.fields.length;
    const natural = this.literals(naturalOrder(schema));
    // One place further each: the literal before the first column where it stands inside a row.
    const turned = this.literals(Array.from({ length: n }, (_, f) => (f + n - 1) % n));
    const everywhere = [...natural.slice(1), ...(n > 1 ? turned.slice(1, 2) : [])];
    const compiled = schema.fields.map((_, f) => this.compile(f, anyOrder ? everywhere : [natural[f + 1]!]));
    const choices = distinctChoices(compiled.flatMap((cells) => [...cells.values()]));
    let at = 0;
    this.cells = compiled.map(
      (cells) =>
        new Map(
          [...cells].map(([token, tables]) => [token, { tables, setOfState: choices.setsOfStates[at++]! }]),
        ),
    );
    this.vocabulary = choices.vocabulary;
    this.sets = choices.sets;
  }

  /** The sets as a mask, shape (sets, vocabulary.length): 1 allowed. */
  get allowedSets(): Uint8Array {
    return (this.mask ??= maskOf(this.sets, this.vocabulary.length));
  }

  /**
   * Row i with its columns in an order.
   * @throws E_INPUT where a value does not fit the schema; names row (from 1) and column
   */
  encode(columns: readonly Column[], i: number, order: Order): EncodedRow {
    const tokens: number[] = [];
    const sets: number[] = [];
    const fields: number[] = [];
    this.walk(columns, i, order, order.length, (token, set, field) => {
      tokens.push(token);
      sets.push(set);
      fields.push(field);
    });
    return {
      tokens: Int32Array.from(tokens),
      sets: Int32Array.from(sets),
      columns: Int32Array.from(fields),
    };
  }

  /** The first `nCells` cells of row i in an order, which it is given, with the text behind them. @throws as encode */
  steps(columns: readonly Column[], i: number, order: Order, nCells: number): readonly Step[] {
    const given = this.givenOf(columns);
    if (given) return order.slice(0, nCells).flatMap((f) => given[f]!(i));
    const steps: Step[] = [];
    this.walk(columns, i, order, nCells, (token, _set, _field, tables, edge = -1) => {
      const [column, action] = edge < 0 ? [-1, -1] : [tables!.edgeColumns[edge]!, tables!.edgeActions[edge]!];
      steps.push({ token, column, action });
    });
    return steps;
  }

  /** Number of tokens between the cells of a row in an order. */
  literalTokens(order: Order): number {
    return this.literals(order).reduce((n, literal) => n + literal.length, 0);
  }

  private walk(
    columns: readonly Column[],
    i: number,
    order: Order,
    nCells: number,
    take: (token: number, set: number, field: number, tables?: AutomatonTables, edge?: number) => void,
  ): void {
    const literals = this.literals(order);
    const encoders = this.encodersOf(columns);
    for (const token of literals[0]!) take(token, -1, -1, undefined, -1);
    order.slice(0, nCells).forEach((f, place) => {
      const literal = literals[place + 1]!;
      const { tables, setOfState } = this.cells[f]!.get(literal[0])!;
      let state = 0;
      const step = (token: number): void => {
        state = behindSilent(tables, state);
        if (isEnd(tables, state)) return take(token, -1, -1, tables, -1);
        const edge = edgeOf(tables, state, token);
        if (edge < 0) throw unfit(columns[f]!, i);
        take(token, setOfState[state]!, f, tables, edge);
        state = tables.edgeNext[edge]!;
      };
      for (const token of encoders[f]!(i)) {
        if (this.language.unlearnt.has(token)) take(token, -1, f);
        else step(token);
      }
      for (const token of literal) step(token);
    });
  }

  private literals(order: Order): (readonly number[])[] {
    if (this.lastLiterals?.order !== order) {
      const literals = this.language.literals(inOrder(this.schema, order));
      this.lastLiterals = { order, literals };
    }
    return this.lastLiterals.literals;
  }

  /** The cell of a column before each of some literals: one for those that begin alike. */
  private compile(f: number, literals: (readonly number[])[]): Map<number | undefined, AutomatonTables> {
    const field = this.schema.fields[f]!;
    const beginnings = new Map<number | undefined, readonly number[]>();
    for (const literal of literals) {
      const known = beginnings.get(literal[0]);
      beginnings.set(literal[0], known ? commonStart(known, literal) : literal);
    }
    const kinds = columnKinds(this.schema);
    const compiled = [...beginnings].map(([token, tokens]): [number | undefined, AutomatonTables] => {
      const end = new Node();
      const exit = { tokens, nodes: tokens.map(() => end), to: end };
      return [token, flatten(this.language.compileCell(field, exit, f), kinds)];
    });
    return new Map(compiled);
  }

  /** Of each column the steps of its cells, where the language has some of its own. */
  givenOf(columns: readonly Column[]): ((i: number) => readonly Step[])[] | undefined {
    const { language, schema } = this;
    if (!language.givenCells) return undefined;
    let given = this.givens.get(columns);
    if (!given) {
      given = schema.fields.map((field, f) => language.givenCells!(field, columns[f]!, f));
      this.givens.set(columns, given);
    }
    return given;
  }

  private encodersOf(columns: readonly Column[]): ((i: number) => readonly number[])[] {
    let encoders = this.encoders.get(columns);
    if (!encoders) {
      encoders = this.schema.fields.map((field, f) => this.language.cellEncoder(field, columns[f]!));
      this.encoders.set(columns, encoders);
    }
    return encoders;
  }
}

function isEnd({ edgeOffsets }: AutomatonTables, state: number): boolean {
  return edgeOffsets[state] === edgeOffsets[state + 1];
}

function commonStart(a: readonly number[], b: readonly number[]): readonly number[] {
  const end = a.findIndex((token, t) => token !== b[t]);
  return end < 0 ? a : a.slice(0, end);
}
