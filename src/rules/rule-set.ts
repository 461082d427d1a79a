import type { Rule } from "../native/addon";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import type { Domain } from "./domain";

type Holds = (columns: readonly Column[], row: number) => boolean;

/** A rule that the decoder keeps to by itself. */
export interface DecoderRule {
  source: string;
  rule: Rule;
}

/** A rule that drawn rows are looked at by; those that break it are drawn again. */
export interface CheckedRule {
  source: string;
  columns: readonly number[];
  holds: Holds;
}

/** A derived column, as a function of the others. */
export interface DerivedColumn {
  source: string;
  column: number;
  operands: readonly number[];
  /** the scaled value, NaN missing */
  value: (columns: readonly Column[], row: number) => number;
}

/** Columns of which no two rows may be the same. */
export interface UniqueRule {
  source: string;
  columns: readonly number[];
}

/** Rules and conditions in the terms of a schema, by who keeps to them. */
export interface RuleSet {
  schema: TableSchema;
  /** what each column may hold, by field */
  domains: Domain[];
  decoder: DecoderRule[];
  derived: DerivedColumn[];
  checked: CheckedRule[];
  unique: UniqueRule[];
  /** every rule, but not the conditions, as a question to a row of a real table */
  questions: CheckedRule[];
  /** every condition, likewise */
  conditions: CheckedRule[];
  /** columns that conditions restrict */
  conditioned: number[];
}
