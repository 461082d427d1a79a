import { scaleOf, scaledText } from "./scale";
import { isCategoryField, isNumberField, type Field } from "../table/schema";

/** Integers from `low` to `high`, both included. */
export interface Range {
  low: number;
  high: number;
}

/**
 * What a cell may hold: scaled values of a number, digits of a date or codes of a category, as disjoint ascending
 * ranges; and whether it may be missing. A free text has one range, which stands for any text.
 */
export interface Domain {
  ranges: readonly Range[];
  missing: boolean;
}

export const NOTHING: Domain = { ranges: [], missing: false };
const ANY_TEXT: readonly Range[] = [{ low: 0, high: 0 }];

/** All that a field allows. */
export function fullDomain(field: Field): Domain {
  const missing = !field.constraints.required;
  if (isCategoryField(field)) {
    const n = field.constraints.enum.length;
    return { ranges: n === 0 ? [] : [{ low: 0, high: n - 1 }], missing };
  }
  const scale = scaleOf(field);
  return { ranges: scale ? [{ low: scale.lowest, high: scale.highest }] : ANY_TEXT, missing };
}

export const isEmpty = ({ ranges, missing }: Domain): boolean => ranges.length === 0 && !missing;

export const lowest = ({ ranges }: Domain): number => ranges[0]?.low ?? Infinity;
export const highest = ({ ranges }: Domain): number => ranges.at(-1)?.high ?? -Infinity;

/** How many values there are, the missing one counted. */
export function sizeOf({ ranges, missing }: Domain): number {
  return ranges.reduce((n, { low, high }) => n + high - low + 1, missing ? 1 : 0);
}

/** NaN and -1 of a category stand for missing in the caller's terms: `value` undefined is the missing cell. */
export function contains({ ranges, missing }: Domain, value: number | undefined): boolean {
  if (value === undefined) return missing;
  let from = 0;
  let to = ranges.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ranges[middle]!.high < value) from = middle + 1;
    else to = middle;
  }
  return from < ranges.length && ranges[from]!.low <= value;
}

export function intersect(a: Domain, b: Domain): Domain {
  const ranges: Range[] = [];
  for (let i = 0, j = 0; i < a.ranges.length && j < b.ranges.length;) {
    const [x, y] = [a.ranges[i]!, b.ranges[j]!];
    const low = Math.max(x.low, y.low);
    const high = Math.min(x.high, y.high);
    if (low <= high) ranges.push({ low, high });
    if (x.high < y.high) i++;
    else j++;
  }
  return { ranges, missing: a.missing && b.missing };
}

export function unite(a: Domain, b: Domain): Domain {
  return { ranges: merged([...a.ranges, ...b.ranges]), missing: a.missing || b.missing };
}

/** What `whole` has and `part` does not. */
export function without(whole: Domain, part: Domain): Domain {
  const ranges: Range[] = [];
  for (const { low, high } of whole.ranges) {
    let from = low;
    for (const gap of part.ranges) {
      if (gap.high < from || gap.low > high) continue;
      if (gap.low > from) ranges.push({ low: from, high: gap.low - 1 });
      from = gap.high + 1;
    }
    if (from <= high) ranges.push({ low: from, high });
  }
  return { ranges, missing: whole.missing && !part.missing };
}

/** The domain of some values, undefined the missing one. */
export function domainOf(values: Iterable<number | undefined>): Domain {
  const ranges: Range[] = [];
  let missing = false;
  for (const value of values) {
    if (value === undefined) missing = true;
    else ranges.push({ low: value, high: value });
  }
  return { ranges: merged(ranges), missing };
}

/** Every value, the missing one last; for small domains. */
export function* valuesOf({ ranges, missing }: Domain): Generator<number | undefined> {
  for (const { low, high } of ranges) for (let value = low; value <= high; value++) yield value;
  if (missing) yield undefined;
}

export function sameDomain(a: Domain, b: Domain): boolean {
  return (
    a.missing === b.missing &&
    a.ranges.length === b.ranges.length &&
    a.ranges.every(({ low, high }, i) => low === b.ranges[i]!.low && high === b.ranges[i]!.high)
  );
}

/** In words, for messages: `18 to 90`, `one of "a", "b"`. */
export function describe(domain: Domain, field: Field): string {
  const shown: string[] = [];
  for (const { low, high } of domain.ranges.slice(0, 6)) {
    if (isCategoryField(field)) {
      for (let code = low; code <= high && shown.length < 8; code++) {
        shown.push(JSON.stringify(field.constraints.enum[code]));
      }
    } else if (scaleOf(field)) {
      const [from, to] = [scaledText(field, low), scaledText(field, high)];
      shown.push(low === high ? from : `${from} to ${to}`);
    } else shown.push("a text");
  }
  if (sizeOf(domain) > 8 && (isCategoryField(field) || domain.ranges.length > 6)) shown.push("...");
  if (domain.missing) shown.push("a missing value");
  return shown.length === 0 ? "nothing" : shown.join(isNumberField(field) ? " or " : ", ");
}

function merged(ranges: Range[]): Range[] {
  const sorted = [...ranges].sort((a, b) => a.low - b.low);
  const out: Range[] = [];
  for (const { low, high } of sorted) {
    const last = out.at(-1);
    if (last && low <= last.high + 1) last.high = Math.max(last.high, high);
    else out.push({ low, high });
  }
  return out;
}
