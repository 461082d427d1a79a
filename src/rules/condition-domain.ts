import type { Column } from "../table/columns";
import { parseDecimal, toScaled } from "../table/number";
import { type Field, isCategoryField, isDateField, isNumberField } from "../table/schema";
import { columnOfValues } from "./cells";
import {
  type Domain,
  domainOf,
  fullDomain,
  intersect,
  NOTHING,
  sizeOf,
  unite,
  valuesOf,
  without,
} from "./domain";
import { evaluator } from "./evaluate";
import { columnsOf, type Comparison, type Condition, type Value } from "./expression";
import { scaleOf } from "./scale";
import { dateOf, type Typed } from "./typed";

/** Most values, or combinations of values, that a condition is tried on one by one. */
export const MOST_TRIED = 20_000;

/** The values of one column for which a condition is true, and those for which it is false; unknown for the others. */
export interface TruthDomains {
  column: number;
  yes: Domain;
  no: Domain;
}

/** What a condition on one column alone says of its values; undefined where it reads more, or texts. */
export function truthDomains(condition: Condition, typed: Typed): TruthDomains | undefined {
  const columns = columnsOf(condition);
  const column = columns[0];
  if (columns.length !== 1 || column === undefined) return undefined;
  const field = typed.schema.fields[column]!;
  const full = fullDomain(field);
  const values = { ...full, missing: false };
  const visit = (part: Condition): Omit<TruthDomains, "column"> | undefined => {
    switch (part.kind) {
      case "null":
        return { yes: { ranges: [], missing: full.missing }, no: values };
      case "not": {
        const inner = visit(part.inner);
        return inner && { yes: inner.no, no: inner.yes };
      }
      case "and":
      case "or": {
        const [a, b] = [visit(part.left), visit(part.right)];
        if (!a || !b) return undefined;
        return part.kind === "and"
          ? { yes: intersect(a.yes, b.yes), no: unite(a.no, b.no) }
          : { yes: unite(a.yes, b.yes), no: intersect(a.no, b.no) };
      }
      case "in": {
        const parts = part.items.map((item) => compared("=", part.value, item, field));
        if (parts.some((found) => !found)) return tried(part, column, full, typed);
        const yes = intersect(
          parts.reduce<Domain>((all, found) => unite(all, found!), NOTHING),
          values,
        );
        return { yes, no: without(values, yes) };
      }
      case "compare": {
        const found = compared(part.op, part.left, part.right, field);
        if (!found) return tried(part, column, full, typed);
        const yes = intersect(found, values);
        return { yes, no: without(values, yes) };
      }
    }
  };
  const found = visit(condition);
  return found && { column, ...found };
}

/** Of the values of a column each, where there are few enough. */
function tried(
  condition: Condition,
  column: number,
  full: Domain,
  typed: Typed,
): Omit<TruthDomains, "column"> | undefined {
  const field = typed.schema.fields[column]!;
  if (sizeOf(full) > MOST_TRIED || !(isCategoryField(field) || scaleOf(field))) return undefined;
  const values = [...valuesOf({ ...full, missing: false })];
  const columns: Column[] = [];
  columns[column] = columnOfValues(emptyColumn(field), values);
  const holds = evaluator(condition, typed);
  const truths = values.map((_, row) => holds(columns, row));
  return {
    yes: domainOf(values.filter((_, row) => truths[row] === true)),
    no: domainOf(values.filter((_, row) => truths[row] === false)),
  };
}

/** A column of a field, without rows. */
export function emptyColumn(field: Field): Column {
  const { name } = field;
  if (isCategoryField(field)) {
    return { kind: "category", name, values: field.constraints.enum, codes: new Int32Array(0) };
  }
  if (isNumberField(field)) {
    const { decimals } = field.numberFormat;
    return { kind: "number", name, decimals, scaled: new Float64Array(0) };
  }
  if (isDateField(field)) return { kind: "date", name, scaled: new Float64Array(0) };
  return { kind: "text", name, values: [] };
}

const MIRRORED: Record<Comparison, Comparison> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "=": "=",
  "!=": "!=",
};

/** The values of a number's or date's column that compare so with a constant; unclipped. */
function compared(op: Comparison, left: Value, right: Value, field: Field): Domain | undefined {
  if (left.kind !== "column") {
    return right.kind === "column" ? compared(MIRRORED[op], right, left, field) : undefined;
  }
  const bounds = boundsOf(right, field);
  if (!bounds) return undefined;
  const [down, up] = bounds;
  const range = (low: number, high: number): Domain => ({
    ranges: low <= high ? [{ low, high }] : [],
    missing: false,
  });
  switch (op) {
    case "<":
      return range(-Infinity, up - 1);
    case "<=":
      return range(-Infinity, down);
    case ">":
      return range(down + 1, Infinity);
    case ">=":
      return range(up, Infinity);
    case "=":
      return down === up ? range(down, up) : range(1, 0);
    case "!=":
      return down === up
        ? unite(range(-Infinity, down - 1), range(up + 1, Infinity))
        : range(-Infinity, Infinity);
  }
}

/** The scaled integers next to a constant, below and above (the same where it is one). */
function boundsOf(constant: Value, field: Field): [number, number] | undefined {
  if (isNumberField(field) && constant.kind === "number") {
    const decimal = parseDecimal(constant.text) ?? parseDecimal(String(constant.value));
    if (!decimal) return undefined;
    const { decimals } = field.numberFormat;
    return [toScaled(decimal, decimals, "down"), toScaled(decimal, decimals, "up")];
  }
  if (isDateField(field) && (constant.kind === "string" || constant.kind === "date")) {
    const digits = dateOf(constant.value, field);
    return digits === undefined ? undefined : [digits, digits];
  }
  return undefined;
}
