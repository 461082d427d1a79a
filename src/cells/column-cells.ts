import type { Node } from "../sample/graph";
import type { CategoryField, Field } from "../table/schema";
import { CategoryCells } from "./category-cells";
import { DateCells } from "./date-cells";
import { DigitCells } from "./digit-cells";
import type { ColumnPlan } from "./plan";
import { ValueCells } from "./value-cells";

/** Where a column's cells stand: in the vocabulary and in a row. */
export interface CellPlace {
  field: Field;
  /** id of the column's first token */
  first: number;
  /** index of the column */
  column: number;
  /** the state behind the cell */
  to: Node;
}

/** Tokens that follow one another as their values do: all of a column, or those of a digit or a part of a date. */
export interface Scale {
  /** the first, from the column's first */
  first: number;
  /** on an even scale, ascending */
  values: readonly number[];
  /** rows that had each, or 1 */
  counts: readonly number[];
  /** the token alone tells the cell's value */
  whole: boolean;
}

/** The cells of one column, but the missing and the rare ones, as tokens from 0 on. */
export interface ColumnCells {
  readonly nTokens: number;
  readonly scales: readonly Scale[];
  /** codes or scaled values that alone it has tokens for; undefined: any that the field allows */
  readonly known?: readonly number[] | undefined;
  /** A state of its own before a cell, which lets through what the field allows. */
  states(place: CellPlace): Node;
  /** The tokens of a code or scaled value; undefined where it has none. */
  encode(value: number): readonly number[] | undefined;
  /** The same of a value that it has none for: those of one nearby. */
  encodeNear(value: number): readonly number[] | undefined;
}

export function columnCells(plan: ColumnPlan, field: Field): ColumnCells {
  switch (plan.kind) {
    case "categories":
      return new CategoryCells(plan, (field as CategoryField).constraints.enum);
    case "values":
    case "bins":
      return new ValueCells(plan, field);
    case "digits":
      return new DigitCells(plan);
    case "dates":
      return new DateCells(plan);
  }
}
