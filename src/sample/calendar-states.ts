import { daysInMonth, fromDigits, isLeapYear, type CalendarTime } from "../table/calendar";
import type { Node } from "./graph";

/** Parts of a date in the order in which they are written. */
export const PARTS = ["year", "month", "day", "hour", "minute", "second"] as const;

/** How the parts of a date become states. */
export interface PartWriter {
  /** The state before part `at`, each of whose values leads to the state given; there is one value at least. */
  write(at: number, values: ReadonlyMap<number, Node>): Node;
  /** The state behind the last part. */
  end(): Node;
}

/** Real days and times from `lowest` to `highest`, as ISO digits run together. */
export interface CalendarRange {
  lowest: number;
  highest: number;
  nParts: number;
  /** the values that each part may have, ascending [any] */
  values?: readonly (readonly number[])[];
}

/** What the parts written so far mean for those to come. */
interface Future {
  /** index of the next part */
  at: number;
  atLowest: boolean;
  atHighest: boolean;
  leap: boolean;
  /** days of the month, once it is written */
  days: number;
}

/**
 * The states of a date, part by part; every path is a real day within the range, and prefixes with the same future share
 * a state: what may follow depends on whether the range still binds, on the leap year and on the month. Undefined where
 * the range has none.
 */
export function calendarStates(range: CalendarRange, writer: PartWriter): Node | undefined {
  return new CalendarStates(range, writer).from({
    ...{ at: 0, atLowest: true, atHighest: true, leap: false, days: 31 },
  });
}

class CalendarStates {
  private readonly lowest: CalendarTime;
  private readonly highest: CalendarTime;
  private readonly starts = new Map<string, Node | undefined>();

  constructor(
    private readonly range: CalendarRange,
    private readonly writer: PartWriter,
  ) {
    this.lowest = fromDigits(range.lowest);
    this.highest = fromDigits(range.highest);
  }

  /** The state before a part; after the last, the end of the cell. Undefined where the range has nothing left. */
  from(future: Future): Node | undefined {
    const key = Object.values(future).join();
    if (this.starts.has(key)) return this.starts.get(key);
    const node = this.make(future);
    this.starts.set(key, node);
    return node;
  }

  private make(future: Future): Node | undefined {
    if (future.at === this.range.nParts) return this.writer.end();
    const values = this.valuesOf(future);
    return values.size > 0 ? this.writer.write(future.at, values) : undefined;
  }

  /** The values that the next part may have, each with the state behind it. */
  private valuesOf(future: Future): Map<number, Node> {
    const { at, atLowest, atHighest, days } = future;
    const part = PARTS[at]!;
    const least = part === "year" || part === "month" || part === "day" ? 1 : 0;
    const most = { year: 9999, month: 12, day: days, hour: 23, minute: 59, second: 59 }[part];
    const first = atLowest ? Math.max(least, this.lowest[part]) : least;
    const last = atHighest ? Math.min(most, this.highest[part]) : most;
    const known = this.range.values?.[at] ?? Array.from({ length: last - first + 1 }, (_, i) => first + i);
    const values = new Map<number, Node>();
    for (const value of known) {
      if (value < first || value > last) continue;
      const node = this.from({
        at: at + 1,
        atLowest: atLowest && value === this.lowest[part],
        atHighest: atHighest && value === this.highest[part],
        leap: part === "year" ? isLeapYear(value) : part === "month" ? false : future.leap,
        days: part === "month" ? daysInMonth(value, future.leap) : part === "day" ? 31 : days,
      });
      if (node) values.set(value, node);
    }
    return values;
  }
}
