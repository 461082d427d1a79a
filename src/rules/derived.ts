import type { Rule } from "../native/addon";
import type { Column } from "../table/columns";
import { isNumberField } from "../table/schema";
import { cellValue } from "./cells";
import { numberReader } from "./evaluate";
import { columnsOf, type Condition, type Value } from "./expression";
import type { CheckedRule, DerivedColumn } from "./rule-set";
import type { Typed } from "./typed";

const OPERATIONS = { "+": 2, "-": 3, "*": 4, "/": 5 };

export interface Derived {
  rule: Rule;
  column: DerivedColumn;
  /** the rule as a question to a real row: within half a step of the column's decimals */
  question: CheckedRule;
}

/** A condition that says how a column of numbers comes from others: `total = price * quantity`, in either direction. */
export function compileDerived(condition: Condition, typed: Typed): Derived | undefined {
  if (condition.kind !== "compare" || condition.op !== "=") return undefined;
  const { left, right } = condition;
  const [target, program] = left.kind === "column" ? [left, right] : [right, left];
  if (target.kind !== "column" || program.kind !== "arithmetic") return undefined;
  const field = typed.schema.fields[target.column]!;
  const operands = columnsOf(program);
  if (!isNumberField(field) || operands.includes(target.column) || operands.length === 0) return undefined;
  if (!operands.every((column) => isNumberField(typed.schema.fields[column]!))) return undefined;
  const { decimals } = field.numberFormat;
  const read = numberReader(program, typed);
  const value = (columns: readonly Column[], row: number): number => {
    const result = read(columns, row);
    return result === undefined ? NaN : roundTo(result, decimals);
  };
  const { source } = typed;
  return {
    rule: { kind: "derived", column: target.column, terms: Float64Array.from(postfix(program)) },
    column: { source, column: target.column, operands, value },
    question: {
      source,
      columns: [...operands, target.column],
      holds: (columns, row) => {
        const expected = value(columns, row);
        const found = cellValue(columns[target.column]!, row);
        return found === undefined || Number.isNaN(expected) || Math.abs(found - expected) <= 1;
      },
    },
  };
}

/** A result at a column's decimals, rounded half away from zero as the decoder rounds it. */
export function roundTo(x: number, decimals: number): number {
  const scaled = Math.floor(Math.abs(x) * 10 ** decimals * (1 + 1e-12) + 0.5);
  return scaled === 0 ? 0 : Math.sign(x) * scaled;
}

/** Pairs (operation, operand); see Rule in addon.ts. */
function postfix(value: Value): number[] {
  if (value.kind === "number") return [0, value.value];
  if (value.kind === "column") return [1, value.column];
  if (value.kind !== "arithmetic") throw new TypeError(`no program for a ${value.kind}`);
  return [...postfix(value.left), ...postfix(value.right), OPERATIONS[value.op], 0];
}
