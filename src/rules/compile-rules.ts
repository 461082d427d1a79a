import { HarmonicError } from "../errors";
import type { Rule } from "../native/addon";
import { rowCount, type Column } from "../table/columns";
import { isCategoryField, isDateField, isNumberField, type TableSchema } from "../table/schema";
import { cellValue, columnOfValues } from "./cells";
import { emptyColumn, MOST_TRIED, truthDomains } from "./condition-domain";
import { describe, type Domain, fullDomain, intersect, isEmpty, sizeOf, valuesOf, without } from "./domain";
import { compileDerived } from "./derived";
import { evaluator } from "./evaluate";
import { columnsOf, type Condition, conjuncts } from "./expression";
import { parseCondition, parseRule } from "./parse";
import type { RuleSet } from "./rule-set";
import { Typed } from "./typed";

export interface RuleSources {
  /** e.g. "end >= start"; see parseRule */
  rules?: readonly string[];
  /** a condition on the rows to draw */
  where?: string | undefined;
}

/**
 * Rules and a condition on a schema's rows, sorted by who keeps to them: the cells themselves (what one column may
 * hold), the decoder (comparisons, combinations, derived columns), or a look at the drawn row. A rule is broken where it
 * is false, a condition kept where it is true: they differ where a value is missing, as CHECK and WHERE do in SQL.
 * `columns`: the real rows, whose combinations "follows" allows.
 * @throws E_USAGE for what cannot be read or names what the schema does not have
 */
export function compileRules(
  schema: TableSchema,
  columns: readonly Column[],
  { rules = [], where }: RuleSources,
): RuleSet {
  const names = schema.fields.map(({ name }) => name);
  const set: RuleSet = {
    schema,
    domains: schema.fields.map(fullDomain),
    ...{ decoder: [], derived: [], checked: [], unique: [], questions: [], conditions: [] },
    conditioned: [],
  };
  for (const source of rules) {
    const parsed = parseRule(source, names);
    if (parsed.kind === "unique") set.unique.push({ source, columns: parsed.columns });
    else if (parsed.kind === "follows") addCombinations(set, source, parsed.columns, columns);
    else {
      const typed = new Typed(source, schema);
      typed.check(parsed.condition);
      for (const part of conjuncts(parsed.condition)) addCondition(set, part, typed, false);
    }
  }
  if (where !== undefined) {
    const typed = new Typed(where, schema);
    const condition = parseCondition(where, names);
    typed.check(condition);
    for (const part of conjuncts(condition)) addCondition(set, part, typed, true);
    set.conditioned = columnsOf(condition);
  }
  return set;
}

/** A condition that must be true (`strict`), or a rule that must not be false. */
function addCondition(set: RuleSet, condition: Condition, typed: Typed, strict: boolean): void {
  const { source } = typed;
  const columns = columnsOf(condition);
  const truth = evaluator(condition, typed);
  const holds = (table: readonly Column[], row: number): boolean =>
    strict ? truth(table, row) === true : truth(table, row) !== false;
  const derived = strict ? undefined : compileDerived(condition, typed);
  if (strict) set.conditions.push({ source, columns, holds });
  else set.questions.push(derived?.question ?? { source, columns, holds });
  const domains = truthDomains(condition, typed);
  if (domains) return restrict(set, domains.column, strict ? domains.yes : domains.no, strict, source);
  if (derived) {
    set.decoder.push({ source, rule: derived.rule });
    set.derived.push(derived.column);
    return;
  }
  // What a condition compares is there: no comparison with a missing value is true.
  if (strict && isPlain(condition)) for (const column of columns) exclude(set, column);
  const rule = comparisonOf(condition, typed) ?? triedCombinations(set, columns, holds);
  if (rule) set.decoder.push({ source, rule });
  else set.checked.push({ source, columns, holds });
}

function restrict(set: RuleSet, column: number, domain: Domain, strict: boolean, source: string): void {
  const before = set.domains[column]!;
  const after = strict ? intersect(before, domain) : without(before, domain);
  set.domains[column] = after;
  if (!isEmpty(after)) return;
  const field = set.schema.fields[column]!;
  throw new HarmonicError(
    "E_USAGE",
    `no row can satisfy ${source}: column "${field.name}" holds ${describe(before, field)}`,
    { hint: "change the condition, or widen the column in the schema" },
  );
}

function exclude(set: RuleSet, column: number): void {
  set.domains[column] = { ...set.domains[column]!, missing: false };
}

function isPlain(condition: Condition): boolean {
  return (
    condition.kind === "compare" ||
    condition.kind === "in" ||
    (condition.kind === "not" && isPlain(condition.inner))
  );
}

/** A comparison of two columns of numbers, or of dates to the same precision. */
function comparisonOf(condition: Condition, { schema }: Typed): Rule | undefined {
  if (condition.kind !== "compare") return undefined;
  const { left, right, op } = condition;
  if (left.kind !== "column" || right.kind !== "column") return undefined;
  const [a, b] = [schema.fields[left.column]!, schema.fields[right.column]!];
  const numbers = isNumberField(a) && isNumberField(b);
  if (!numbers && !(isDateField(a) && isDateField(b) && a.type === b.type)) return undefined;
  return { kind: "compare", left: left.column, op, right: right.column };
}

/** The combinations for which a condition holds, where there are few enough to try. */
function triedCombinations(
  set: RuleSet,
  columns: readonly number[],
  holds: (table: readonly Column[], row: number) => boolean,
): Rule | undefined {
  const fields = columns.map((column) => set.schema.fields[column]!);
  if (!fields.every((field) => isCategoryField(field) || isNumberField(field))) return undefined;
  const sizes = columns.map((column) => sizeOf(set.domains[column]!));
  if (sizes.reduce((product, size) => product * size, 1) > MOST_TRIED) return undefined;
  let tuples: (number | undefined)[][] = [[]];
  for (const column of columns) {
    const values = [...valuesOf(set.domains[column]!)];
    tuples = tuples.flatMap((tuple) => values.map((value) => [...tuple, value]));
  }
  const table: Column[] = [];
  columns.forEach((column, c) => {
    const values = tuples.map((tuple) => tuple[c]);
    table[column] = columnOfValues(emptyColumn(fields[c]!), values);
  });
  const allowed = tuples.filter((_, row) => holds(table, row));
  return combination(set.schema, columns, allowed);
}

/** The combinations that the table has. */
function addCombinations(
  set: RuleSet,
  source: string,
  columns: readonly number[],
  table: readonly Column[],
): void {
  const seen = new Map<string, (number | undefined)[]>();
  const keyOf = (from: readonly Column[], row: number): string =>
    JSON.stringify(columns.map((c) => keyCell(from[c]!, row)));
  const n = rowCount(table);
  for (let row = 0; row < n; row++) {
    const key = keyOf(table, row);
    if (!seen.has(key))
      seen.set(
        key,
        columns.map((c) => cellValue(table[c]!, row)),
      );
  }
  const holds = (from: readonly Column[], row: number): boolean => seen.has(keyOf(from, row));
  // The table is where the rule comes from: it cannot break it.
  if (columns.some((column) => table[column]?.kind === "text")) {
    set.checked.push({ source, columns, holds });
  } else {
    set.decoder.push({ source, rule: combination(set.schema, columns, [...seen.values()]) });
  }
}

function keyCell(column: Column, row: number): number | string | null {
  return column.kind === "text" ? column.values[row]! : (cellValue(column, row) ?? null);
}

function combination(
  schema: TableSchema,
  columns: readonly number[],
  tuples: readonly (readonly (number | undefined)[])[],
): Rule {
  const missing = columns.map((column) => (isCategoryField(schema.fields[column]!) ? -1 : NaN));
  const rows = Float64Array.from(tuples.flatMap((tuple) => tuple.map((value, c) => value ?? missing[c]!)));
  return { kind: "combination", columns: [...columns], rows };
}
