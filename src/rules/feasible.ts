import { HarmonicError } from "../errors";
import type { Rule } from "../native/addon";
import { isCategoryField } from "../table/schema";
import { type Domain, domainOf, contains, highest, intersect, isEmpty, lowest, sameDomain } from "./domain";
import { roundTo } from "./derived";
import type { RuleSet } from "./rule-set";

/** Rounds of narrowing before what is left is taken as it is: chains of comparisons need few. */
const MOST_ROUNDS = 100;

/**
 * Narrows what each column may hold by all rules, again and again until nothing changes: no row that satisfies them is
 * lost. Bounds for comparisons and derived columns, the remaining combinations for the others.
 * @throws E_USAGE where nothing is left for a column, naming the rule
 */
export function narrowDomains(set: RuleSet): Domain[] {
  const domains = [...set.domains];
  const shrink = (column: number, to: Domain, source: string): boolean => {
    const after = intersect(domains[column]!, to);
    if (sameDomain(after, domains[column]!)) return false;
    if (isEmpty(after)) throw impossible(source, set, column);
    domains[column] = after;
    return true;
  };
  checkCycles(set, domains);
  for (let round = 0, changed = true; changed && round < MOST_ROUNDS; round++) {
    changed = false;
    for (const { source, rule } of set.decoder) {
      for (const [column, domain] of narrowed(rule, domains, set)) {
        if (shrink(column, domain, source)) changed = true;
      }
    }
  }
  return domains;
}

/** What a rule leaves for its columns. */
function narrowed(rule: Rule, domains: readonly Domain[], set: RuleSet): [number, Domain][] {
  if (rule.kind === "combination") return combined(rule, domains, set);
  if (rule.kind === "derived") return derived(rule, domains, set);
  return compared(rule, domains, set);
}

function combined(
  { columns, rows }: Rule & { kind: "combination" },
  domains: readonly Domain[],
  { schema }: RuleSet,
): [number, Domain][] {
  const width = columns.length;
  const left = columns.map((): (number | undefined)[] => []);
  for (let at = 0; at < rows.length; at += width) {
    const tuple = columns.map((column, c) => {
      const value = rows[at + c]!;
      const missing = Number.isNaN(value) || (value < 0 && isCategoryField(schema.fields[column]!));
      return missing ? undefined : value;
    });
    if (!tuple.every((value, c) => contains(domains[columns[c]!]!, value))) continue;
    tuple.forEach((value, c) => left[c]!.push(value));
  }
  return columns.map((column, c) => [column, domainOf(left[c]!)]);
}

function compared(
  { left, op, right }: Rule & { kind: "compare" },
  domains: readonly Domain[],
  { schema }: RuleSet,
): [number, Domain][] {
  const [a, b] = [domains[left]!, domains[right]!];
  // A missing value satisfies every comparison.
  if (a.missing || b.missing || a.ranges.length === 0 || b.ranges.length === 0) return [];
  const [x, y] = [unitOf(schema.fields[left]!), unitOf(schema.fields[right]!)];
  const atMost = (column: number, unit: number, bound: number, strict: boolean): [number, Domain] => {
    const limit = Math.floor(bound * unit + 1e-9 * Math.abs(bound * unit));
    const isExact = Math.abs(limit - bound * unit) <= 1e-9 * Math.max(1, Math.abs(limit));
    return [column, between(-Infinity, strict && isExact ? limit - 1 : limit)];
  };
  const atLeast = (column: number, unit: number, bound: number, strict: boolean): [number, Domain] => {
    const limit = Math.ceil(bound * unit - 1e-9 * Math.abs(bound * unit));
    const isExact = Math.abs(limit - bound * unit) <= 1e-9 * Math.max(1, Math.abs(limit));
    return [column, between(strict && isExact ? limit + 1 : limit, Infinity)];
  };
  const strict = op === "<" || op === ">";
  switch (op) {
    case "<":
    case "<=":
      return [atMost(left, x, highest(b) / y, strict), atLeast(right, y, lowest(a) / x, strict)];
    case ">":
    case ">=":
      return [atLeast(left, x, lowest(b) / y, strict), atMost(right, y, highest(a) / x, strict)];
    case "=":
      if (x === y) {
        return [
          [left, { ...b, missing: false }],
          [right, { ...a, missing: false }],
        ];
      }
      return [
        atMost(left, x, highest(b) / y, false),
        atLeast(left, x, lowest(b) / y, false),
        atMost(right, y, highest(a) / x, false),
        atLeast(right, y, lowest(a) / x, false),
      ];
    case "!=": {
      if (x !== y) return [];
      const out: [number, Domain][] = [];
      if (lowest(b) === highest(b)) out.push([left, beside(lowest(b))]);
      if (lowest(a) === highest(a)) out.push([right, beside(lowest(a))]);
      return out;
    }
  }
}

/** Interval arithmetic (Moore, 1966) over the postfix program. */
function derived(
  { column, terms }: Rule & { kind: "derived" },
  domains: readonly Domain[],
  { schema }: RuleSet,
): [number, Domain][] {
  const stack: [number, number][] = [];
  for (let at = 0; at < terms.length; at += 2) {
    const [operation, operand] = [terms[at]!, terms[at + 1]!];
    if (operation === 0) stack.push([operand, operand]);
    else if (operation === 1) {
      const domain = domains[operand]!;
      // A missing operand makes the column missing, which its own domain must allow: nothing to learn here.
      if (domain.missing) return [];
      const unit = unitOf(schema.fields[operand]!);
      stack.push([lowest(domain) / unit, highest(domain) / unit]);
    } else {
      const b = stack.pop()!;
      const a = stack.pop()!;
      stack.push(interval(operation, a, b));
    }
  }
  const [low, high] = stack.pop()!;
  const field = schema.fields[column]!;
  const decimals = Math.round(Math.log10(unitOf(field)));
  const bound = (value: number): number => (Number.isFinite(value) ? roundTo(value, decimals) : value);
  const divides = terms.some((operation, at) => at % 2 === 0 && operation === 5);
  const missing = divides && domains[column]!.missing;
  return [[column, { ranges: [{ low: bound(low), high: bound(high) }], missing }]];
}

function interval(operation: number, [a, b]: [number, number], [c, d]: [number, number]): [number, number] {
  if (operation === 2) return [a + c, b + d];
  if (operation === 3) return [a - d, b - c];
  if (operation === 5 && c <= 0 && d >= 0) return [-Infinity, Infinity];
  const ends = operation === 4 ? [a * c, a * d, b * c, b * d] : [a / c, a / d, b / c, b / d];
  return [Math.min(...ends), Math.max(...ends)];
}

/** a < b, b <= c, c <= a: no numbers do that, however wide their ranges. */
function checkCycles(set: RuleSet, domains: readonly Domain[]): void {
  const edges: { from: number; to: number; strict: boolean; source: string }[] = [];
  for (const { source, rule } of set.decoder) {
    if (rule.kind !== "compare" || rule.op === "!=") continue;
    const { left, op, right } = rule;
    if (domains[left]!.missing || domains[right]!.missing) continue;
    const strict = op === "<" || op === ">";
    if (op !== ">" && op !== ">=") edges.push({ from: left, to: right, strict, source });
    if (op !== "<" && op !== "<=") edges.push({ from: right, to: left, strict, source });
  }
  const reaches = (from: number, to: number, seen = new Set<number>()): boolean => {
    if (from === to) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return edges.some((edge) => edge.from === from && reaches(edge.to, to, seen));
  };
  const broken = edges.find(({ from, to, strict }) => strict && reaches(to, from));
  if (broken) throw impossible(broken.source, set, broken.from);
}

const unitOf = (field: RuleSet["schema"]["fields"][number]): number =>
  "numberFormat" in field ? 10 ** field.numberFormat.decimals : 1;

const between = (low: number, high: number): Domain => ({ ranges: [{ low, high }], missing: false });

const beside = (value: number): Domain => ({
  ranges: [
    { low: -Infinity, high: value - 1 },
    { low: value + 1, high: Infinity },
  ],
  missing: false,
});

function impossible(source: string, { schema, decoder }: RuleSet, column: number): HarmonicError {
  const others = [...new Set(decoder.map((rule) => rule.source))].filter((other) => other !== source);
  const beside = others.length === 0 ? "" : ` together with ${others.slice(0, 5).join("; ")}`;
  return new HarmonicError(
    "E_USAGE",
    `no row can satisfy ${source}${beside}: nothing is left for column "${schema.fields[column]!.name}"`,
    { hint: "change the rule or the condition, or widen the column in the schema" },
  );
}
