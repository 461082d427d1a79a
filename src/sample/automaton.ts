import { HarmonicError } from "../errors";
import type { PromptParts, RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import type { AutomatonTables } from "../native/addon";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { cellEncoder } from "./cells";
import { compileRow } from "./compile";

export interface EncodedRow {
  tokens: Int32Array;
  /** state before each token */
  states: Int32Array;
}

/**
 * A table's rows in one format as an automaton over token ids: every path from state 0 to the end is the text of a
 * valid row, segmented as training segments it, and every valid row is a path. Literals are forced; a category cell is
 * a trie of its values; a number cell holds minimum, maximum and decimals exactly.
 */
export class RowAutomaton {
  readonly tables: AutomatonTables;
  /** token ids on the edges of states with a choice, ascending */
  readonly vocabulary: Int32Array;
  /** the distinct sets of allowed tokens, shape (sets, vocabulary.length): 1 allowed */
  readonly allowedSets: Uint8Array;
  /** row of allowedSets for each state; -1 where the state has no choice */
  readonly setOfState: Int32Array;

  private readonly literals: (readonly number[])[];
  private encoders: { columns: readonly Column[]; cells: ((i: number) => readonly number[])[] } | undefined;

  constructor(
    readonly schema: TableSchema,
    readonly format: RowFormat,
    readonly tokenizer: Tokenizer,
  ) {
    this.tables = compileRow(schema, format, tokenizer);
    this.literals = tokenizer.encodeAll(format.rowLiterals(schema));
    const { sets, setOfState } = distinctChoices(this.tables);
    this.setOfState = setOfState;
    this.vocabulary = Int32Array.from(new Set(sets.flatMap((tokens) => Array.from(tokens)))).sort();
    const indexOf = new Map(Array.from(this.vocabulary, (token, index) => [token, index]));
    this.allowedSets = new Uint8Array(sets.length * this.vocabulary.length);
    sets.forEach((tokens, set) => {
      for (const token of tokens) this.allowedSets[set * this.vocabulary.length + indexOf.get(token)!] = 1;
    });
  }

  /**
   * Tokens of row i and the state before each.
   * @throws E_INPUT where a value does not fit the schema; names row (from 1) and column
   */
  encodeRow(columns: readonly Column[], i: number): EncodedRow {
    const cells = this.cellsOf(columns);
    const tokens: number[] = [];
    const states: number[] = [];
    let state = 0;
    const take = (piece: readonly number[], field: number): void => {
      for (const token of piece) {
        tokens.push(token);
        states.push(state);
        state = this.next(state, token);
        if (state < 0) throw this.unfit(columns, i, field);
      }
    };
    take(this.literals[0]!, 0);
    for (let f = 0; f < cells.length; f++) {
      take(cells[f]!(i), f);
      take(this.literals[f + 1]!, f);
    }
    return { tokens: Int32Array.from(tokens), states: Int32Array.from(states) };
  }

  /** Tokens of a prompt: head, the encoded example rows in their places, cue. */
  encodePrompt(parts: PromptParts, rows: readonly Int32Array[]): Int32Array {
    const ids: number[] = [...this.tokenizer.encode(parts.head)];
    rows.forEach((row, e) => {
      ids.push(
        ...this.tokenizer.encode(parts.before[e] ?? ""),
        ...row,
        ...this.tokenizer.encode(parts.after[e] ?? ""),
      );
    });
    ids.push(...this.tokenizer.encode(parts.cue));
    return Int32Array.from(ids);
  }

  /** Number of tokens of the longest row. */
  longestRow(): number {
    const { edgeOffsets, edgeNext } = this.tables;
    const longest = new Int32Array(edgeOffsets.length - 1).fill(-1);
    // Depth first with a stack of its own: a row may be thousands of states deep.
    const stack = [0];
    while (stack.length > 0) {
      const state = stack.at(-1)!;
      const next = edgeNext.subarray(edgeOffsets[state], edgeOffsets[state + 1]);
      const unknown = next.find((to) => longest[to] === -1);
      if (unknown !== undefined) {
        stack.push(unknown);
      } else {
        longest[state] = next.reduce((length, to) => Math.max(length, longest[to]! + 1), 0);
        stack.pop();
      }
    }
    return longest[0]!;
  }

  /** The state behind a token, -1 where it is not allowed. The edges of a state lie by ascending token. */
  private next(state: number, token: number): number {
    const { edgeOffsets, edgeTokens, edgeNext } = this.tables;
    const end = edgeOffsets[state + 1]!;
    let low = edgeOffsets[state]!;
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edgeTokens[middle]! < token) low = middle + 1;
      else high = middle;
    }
    return low < end && edgeTokens[low] === token ? edgeNext[low]! : -1;
  }

  private cellsOf(columns: readonly Column[]): ((i: number) => readonly number[])[] {
    if (this.encoders?.columns !== columns) {
      const cells = this.schema.fields.map((field, f) =>
        cellEncoder(field, this.format, this.tokenizer, columns[f]!),
      );
      this.encoders = { columns, cells };
    }
    return this.encoders.cells;
  }

  private unfit(columns: readonly Column[], i: number, field: number): HarmonicError {
    const column = columns[field]!;
    const value = column.kind === "category" ? column.values[column.codes[i]!] : column.scaled[i];
    const shown =
      value === undefined || Number.isNaN(value)
        ? "a missing value"
        : typeof value === "string"
          ? JSON.stringify(value)
          : String(value / 10 ** (column.kind === "number" ? column.decimals : 0));
    return new HarmonicError(
      "E_INPUT",
      `row ${i + 1}, column "${column.name}": ${shown} does not fit the column's schema`,
      { hint: "infer the schema from this table, or correct its enum, minimum, maximum or required" },
    );
  }
}

/** The distinct sets of tokens among the states with a choice, and which set each state has (-1: no choice). */
function distinctChoices({ edgeOffsets, edgeTokens }: AutomatonTables): {
  sets: Int32Array[];
  setOfState: Int32Array;
} {
  const setOfState = new Int32Array(edgeOffsets.length - 1).fill(-1);
  const sets: Int32Array[] = [];
  const known = new Map<string, number>();
  for (let s = 0; s < setOfState.length; s++) {
    const tokens = edgeTokens.subarray(edgeOffsets[s], edgeOffsets[s + 1]);
    if (tokens.length < 2) continue;
    const key = tokens.join();
    let set = known.get(key);
    if (set === undefined) {
      set = sets.length;
      known.set(key, set);
      sets.push(tokens);
    }
    setOfState[s] = set;
  }
  return { sets, setOfState };
}
