import type { Column } from "../table/columns";
import { isCategoryField, isDateField } from "../table/schema";
import { cellValue } from "./cells";
import type { Comparison, Condition, Value } from "./expression";
import { realValue } from "./scale";
import { codeOf, dateOf, textOf, type Typed } from "./typed";

/** True, false, or unknown where a value is missing. */
export type Truth = boolean | undefined;
type Cell = number | string | undefined;
type Reader<T> = (columns: readonly Column[], row: number) => T;

/** Numbers that differ by less than this share are equal: sums of decimals are not exact. */
const TOLERANCE = 1e-9;

/** A condition as a function of a row of a table in the schema's columns. */
export function evaluator(condition: Condition, typed: Typed): Reader<Truth> {
  switch (condition.kind) {
    case "and": {
      const [a, b] = [evaluator(condition.left, typed), evaluator(condition.right, typed)];
      return (columns, row) => {
        const [x, y] = [a(columns, row), b(columns, row)];
        return x === false || y === false ? false : x === undefined || y === undefined ? undefined : true;
      };
    }
    case "or": {
      const [a, b] = [evaluator(condition.left, typed), evaluator(condition.right, typed)];
      return (columns, row) => {
        const [x, y] = [a(columns, row), b(columns, row)];
        return x === true || y === true ? true : x === undefined || y === undefined ? undefined : false;
      };
    }
    case "not": {
      const inner = evaluator(condition.inner, typed);
      return (columns, row) => {
        const truth = inner(columns, row);
        return truth === undefined ? undefined : !truth;
      };
    }
    case "null": {
      const { column } = condition.value as Value & { kind: "column" };
      return (columns, row) => cellValue(columns[column]!, row) === undefined;
    }
    case "in": {
      const equal = condition.items.map((item) => comparison("=", condition.value, item, typed));
      return (columns, row) => {
        const truths = equal.map((holds) => holds(columns, row));
        return truths.includes(true) ? true : truths.includes(undefined) ? undefined : false;
      };
    }
    case "compare":
      return comparison(condition.op, condition.left, condition.right, typed);
  }
}

/** A value as a function of a row: a number, the digits of a date, or a text; undefined where it is missing. */
function valueReader(value: Value, typed: Typed, beside?: Value): Reader<Cell> {
  switch (value.kind) {
    case "number":
      return () => value.value;
    case "string":
    case "date": {
      const field = beside && typed.fieldOf(beside);
      const constant = field && isDateField(field) ? dateOf(value.value, field) : value.value;
      return () => constant;
    }
    case "arithmetic": {
      const [a, b] = [numberReader(value.left, typed), numberReader(value.right, typed)];
      return (columns, row) => {
        const [x, y] = [a(columns, row), b(columns, row)];
        if (x === undefined || y === undefined) return undefined;
        const result = arithmetic(value.op, x, y);
        return Number.isFinite(result) ? result : undefined;
      };
    }
    case "column": {
      const field = typed.schema.fields[value.column]!;
      if (isCategoryField(field)) {
        const values = field.constraints.enum;
        return (columns, row) => values[cellValue(columns[value.column]!, row) ?? -1];
      }
      return (columns, row) => {
        const column = columns[value.column]!;
        if (column.kind === "text") return column.values[row] ?? undefined;
        const cell = cellValue(column, row);
        return cell === undefined ? undefined : realValue(field, cell);
      };
    }
  }
}

export function numberReader(value: Value, typed: Typed): Reader<number | undefined> {
  const read = valueReader(value, typed);
  return (columns, row) => {
    const cell = read(columns, row);
    return cell === undefined ? undefined : Number(cell);
  };
}

function arithmetic(op: "+" | "-" | "*" | "/", x: number, y: number): number {
  return op === "+" ? x + y : op === "-" ? x - y : op === "*" ? x * y : x / y;
}

function comparison(op: Comparison, left: Value, right: Value, typed: Typed): Reader<Truth> {
  const asNumbers = typed.isNumeric(left) && typed.isNumeric(right);
  const a = asNumbers ? numberReader(left, typed) : valueReader(named(left, right, typed), typed, right);
  const b = asNumbers ? numberReader(right, typed) : valueReader(named(right, left, typed), typed, left);
  return (columns, row) => {
    const [x, y] = [a(columns, row), b(columns, row)];
    return x === undefined || y === undefined ? undefined : compare(op, x, y);
  };
}

/** A constant beside a category as the category writes it: 1 as "1", true as "True". */
function named(value: Value, beside: Value, typed: Typed): Value {
  const field = typed.fieldOf(beside);
  const text = textOf(value);
  if (text === undefined || !field || !isCategoryField(field)) return value;
  const values = field.constraints.enum;
  return { kind: "string", at: value.at, value: values[codeOf(values, text)] ?? text };
}

function compare(op: Comparison, x: number | string, y: number | string): boolean {
  const equal =
    typeof x === "number" && typeof y === "number"
      ? Math.abs(x - y) <= TOLERANCE * Math.max(1e-300, Math.abs(x), Math.abs(y))
      : x === y;
  switch (op) {
    case "=":
      return equal;
    case "!=":
      return !equal;
    case "<":
      return !equal && x < y;
    case "<=":
      return equal || x < y;
    case ">":
      return !equal && x > y;
    case ">=":
      return equal || x > y;
  }
}
