import { HarmonicError } from "../errors";
import { daysInMonth, fromDigits, isLeapYear, type CalendarTime } from "../table/calendar";
import { ACTION_NONE, ACTION_POWER_OF_TEN, connectAll, type Exit, Node } from "./graph";

/** A date cell in ISO 8601: real days and times from `lowest` to `highest`, as ISO digits run together. */
export interface DateCell {
  lowest: number;
  highest: number;
  /** what is written: days, or days with a time to the minute or to the second */
  precision: "day" | "minute" | "second";
}

const PARTS: readonly { part: keyof CalendarTime; width: number; before: string }[] = [
  { part: "year", width: 4, before: "" },
  { part: "month", width: 2, before: "-" },
  { part: "day", width: 2, before: "-" },
  { part: "hour", width: 2, before: "T" },
  { part: "minute", width: 2, before: ":" },
  { part: "second", width: 2, before: ":" },
];
const N_PARTS = { day: 3, minute: 5, second: 6 };

/**
 * The states of a date cell, digit by digit; every path is a real day within the range, and prefixes with the same
 * future share a state: what may follow depends on whether the range still binds, on the leap year and on the month.
 * Seconds that are not written are put back as zeros.
 * @throws E_MODEL where the text behind the cell could go on with the date
 */
export function dateCell(
  cell: DateCell,
  tokensOf: (character: string) => readonly number[],
  exit: Exit,
  column: number,
  columnName: string,
): Node {
  return new DateStates(cell, tokensOf, exit, column, columnName).root();
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

class DateStates {
  private readonly lowest: CalendarTime;
  private readonly highest: CalendarTime;
  private readonly parts: typeof PARTS;
  private readonly starts = new Map<string, Node>();
  private readonly shared = new Map<string, Node>();
  private readonly idOf = new Map<Node, number>();

  constructor(
    private readonly cell: DateCell,
    private readonly tokensOf: (character: string) => readonly number[],
    private readonly exit: Exit,
    private readonly column: number,
    private readonly columnName: string,
  ) {
    this.lowest = fromDigits(cell.lowest);
    this.highest = fromDigits(cell.highest);
    this.parts = PARTS.slice(0, N_PARTS[cell.precision]);
  }

  root(): Node {
    return this.from({ at: 0, atLowest: true, atHighest: true, leap: false, days: 31 });
  }

  /**
   * The state before a part and what separates it from the one before; after the last, the end of the cell. Without
   * edges where the range has nothing left.
   */
  private from(future: Future): Node {
    const key = Object.values(future).join();
    let node = this.starts.get(key);
    if (node) return node;
    node = new Node();
    this.starts.set(key, node);
    const next = this.parts[future.at];
    if (next === undefined) {
      const action = this.cell.precision === "minute" ? ACTION_POWER_OF_TEN + 2 : ACTION_NONE;
      if (!node.connect(this.exit.tokens[0]!, this.exit.nodes[0]!, this.column, action))
        throw this.ambiguous();
      return node;
    }
    const values = this.valuesOf(future);
    if (values.size === 0) return node;
    const digits = this.digits(values, next.width);
    if (next.before === "") return digits;
    if (!connectAll(node, this.tokensOf(next.before), digits, this.column)) throw this.ambiguous();
    return node;
  }

  /** The values that the next part may have, each with the state behind it. */
  private valuesOf(future: Future): Map<number, Node> {
    const { at, atLowest, atHighest, days } = future;
    const { part } = this.parts[at]!;
    const least = part === "year" || part === "month" || part === "day" ? 1 : 0;
    const most = { year: 9999, month: 12, day: days, hour: 23, minute: 59, second: 59 }[part];
    const first = atLowest ? Math.max(least, this.lowest[part]) : least;
    const last = atHighest ? Math.min(most, this.highest[part]) : most;
    const values = new Map<number, Node>();
    for (let value = first; value <= last; value++) {
      const next = {
        at: at + 1,
        atLowest: atLowest && value === this.lowest[part],
        atHighest: atHighest && value === this.highest[part],
        leap: part === "year" ? isLeapYear(value) : part === "month" ? false : future.leap,
        days: part === "month" ? daysInMonth(value, future.leap) : part === "day" ? 31 : days,
      };
      const node = this.from(next);
      if (node.edges.size > 0) values.set(value, node);
    }
    return values;
  }

  /** A trie of values of so many digits, in which subtrees that are the same are one. */
  private digits(values: ReadonlyMap<number, Node>, width: number): Node {
    if (width === 0) return values.get(0)!;
    const unit = 10 ** (width - 1);
    const children: (Node | undefined)[] = [];
    for (let digit = 0; digit < 10; digit++) {
      const under = [...values].filter(([value]) => Math.floor(value / unit) === digit);
      if (under.length > 0) {
        children[digit] = this.digits(new Map(under.map(([value, node]) => [value % unit, node])), width - 1);
      }
    }
    const key = Array.from({ length: 10 }, (_, digit) => this.identity(children[digit])).join();
    let node = this.shared.get(key);
    if (!node) {
      node = new Node();
      this.shared.set(key, node);
      for (let digit = 0; digit < 10; digit++) {
        const child = children[digit];
        if (child && !connectAll(node, this.tokensOf(String(digit)), child, this.column, digit)) {
          throw this.ambiguous();
        }
      }
    }
    return node;
  }

  private identity(node: Node | undefined): number {
    if (!node) return -1;
    let id = this.idOf.get(node);
    if (id === undefined) this.idOf.set(node, (id = this.idOf.size));
    return id;
  }

  private ambiguous(): HarmonicError {
    return new HarmonicError(
      "E_MODEL",
      `column "${this.columnName}": the base model's tokens do not tell the end of a date from its digits`,
      { hint: "use another base model or format" },
    );
  }
}
