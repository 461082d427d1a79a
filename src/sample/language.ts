import type { PromptOptions } from "../instruct/format";
import type { Domain } from "../rules/domain";
import type { Column } from "../table/columns";
import type { Field, TableSchema } from "../table/schema";
import type { Exit, Node } from "./graph";
import type { Step } from "./row-cells";

/** How the rows of a table are written as tokens: as a text, or as tokens that belong to the table alone. */
export interface RowLanguage {
  /** Whether the target's cell comes first in a row; see modelOrder. */
  readonly targetFirst: boolean;
  /** Tokens of cells that stand in rows but are neither learnt nor drawn, one a cell, with the name of their column. */
  readonly unlearnt: ReadonlyMap<number, string>;
  /** What it can draw for a column. */
  domain(field: Field): Domain;
  /**
   * Tokens before cell i of a row, and after the last: fields.length + 1 pieces. Behind a cell there are none only where
   * the cell's own tokens tell its end.
   */
  literals(schema: TableSchema): (readonly number[])[];
  /**
   * The states of one column's cell, up to what stands behind it; the first of them.
   * @throws E_INPUT where the column has no value, or two of its values cannot be told apart
   */
  compileCell(field: Field, exit: Exit, column: number): Node;
  /** The tokens of a column's cells. What they return throws E_INPUT where a cell has none. */
  cellEncoder(field: Field, column: Column): (i: number) => readonly number[];
  /**
   * How a cell that is given is walked, value and all, where it may be one that compileCell does not know: by the steps
   * of each of the column's cells. Undefined: as compileCell's states.
   */
  givenCells?(field: Field, column: Column, index: number): (i: number) => readonly Step[];
  /** What stands around the rows of a group. */
  prompt(schema: TableSchema, options: PromptOptions): PromptTokens;
  /** A free text that was drawn, as it stands in the table. */
  readText(field: Field, drawn: string): string;
}

/** PromptParts as tokens. */
export interface PromptTokens {
  head: readonly number[];
  before: (readonly number[])[];
  after: (readonly number[])[];
  cue: readonly number[];
  /** behind the answer; the end-of-sequence token follows it where `endOfSequence` */
  tail: readonly number[];
  endOfSequence: boolean;
}
