import { naturalOrder, type Order } from "../instruct/order";
import type { AutomatonTables, LabelSets } from "../native/addon";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { compileRow } from "./compile-row";
import type { PromptTokens, RowLanguage } from "./language";
import { RowCells, type EncodedRow } from "./row-cells";

/**
 * A table's rows in one language as an automaton over token ids: every path from state 0 to the end is a valid row,
 * segmented as training segments it, and every valid row is a path. Literals are forced; cells hold the schema's values,
 * minimum, maximum and decimals exactly.
 */
export class RowAutomaton {
  readonly cells: RowCells;
  private readonly order: Order;
  private compiled: AutomatonTables | undefined;

  /** `anyOrder`: rows are encoded in other orders than the schema's too, so the allowed sets are those of all orders */
  constructor(
    readonly schema: TableSchema,
    readonly language: RowLanguage,
    anyOrder = false,
  ) {
    this.cells = new RowCells(schema, language, anyOrder);
    this.order = naturalOrder(schema);
  }

  /** Of rows in the schema's order. */
  get tables(): AutomatonTables {
    return (this.compiled ??= compileRow(this.schema, this.language));
  }

  /** token ids on the edges of states with a choice, ascending */
  get vocabulary(): Int32Array {
    return this.cells.vocabulary;
  }

  /** the distinct sets of allowed tokens, by index into the vocabulary */
  get sets(): LabelSets {
    return this.cells.sets;
  }

  /** the same as a mask, shape (sets, vocabulary.length): 1 allowed */
  get allowedSets(): Uint8Array {
    return this.cells.allowedSets;
  }

  /**
   * Row i with its columns in the schema's order, or another.
   * @throws E_INPUT where a value does not fit the schema; names row (from 1) and column
   */
  encodeRow(columns: readonly Column[], i: number, order: Order = this.order): EncodedRow {
    return this.cells.encode(columns, i, order);
  }

  /** Tokens of a prompt: head, the encoded example rows in their places, cue. */
  encodePrompt({ head, before, after, cue }: PromptTokens, rows: readonly Int32Array[]): Int32Array {
    const examples = rows.flatMap((row, e) => [...before[e]!, ...row, ...after[e]!]);
    return Int32Array.from([...head, ...examples, ...cue]);
  }

  /** Number of tokens between the cells of a row. */
  literalTokens(order: Order = this.order): number {
    return this.cells.literalTokens(order);
  }
}
