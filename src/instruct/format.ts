import type { Field, TableSchema } from "../table/schema";

export type FormatName = "compact" | "dict" | "text";

/** How the rows and prompts of a table are written for the language model. One object per format. */
export interface RowFormat {
  readonly name: FormatName;
  /** Literal text before cell i, and after the last: fields.length + 1 pieces. A row is literals and cells in turn. */
  rowLiterals(schema: TableSchema): string[];
  /** Text of a category as it stands in a row (escaped where the format needs it). */
  category(field: Field, value: string): string;
  /** Characters that free text may not hold in a row: those that end a cell or a row. */
  readonly reserved: string;
  /** Whether the target's cell comes first in a row; otherwise cells are in the table's order. */
  readonly targetFirst: boolean;
  /** Text of a missing cell. May be empty. */
  readonly missing: string;
  /** How number cells read: "fixed" has exactly `decimals` digits after the point, "written" is as in the table's file. */
  readonly numbers: "fixed" | "written";
  /** Everything around the rows of one group. */
  prompt(schema: TableSchema, options: PromptOptions): PromptParts;
}

export interface PromptOptions {
  /** what the rows are about, e.g. "diabetic patients" */
  description: string;
  /** number of example rows before the row to generate */
  k: number;
}

/** A prompt is head, then for each example before[i] row after[i], then cue; the answer is the next row, then tail. */
export interface PromptParts {
  head: string;
  before: string[];
  after: string[];
  cue: string;
  /** text after the answer; the end-of-sequence token follows it where `endOfSequence` */
  tail: string;
  endOfSequence: boolean;
}
