import { HarmonicError } from "../errors";
import { calendarStates, type PartWriter } from "./calendar-states";
import { ACTION_NONE, ACTION_POWER_OF_TEN, connectAll, type Exit, Node } from "./graph";

/** A date cell in ISO 8601: real days and times from `lowest` to `highest`, as ISO digits run together. */
export interface DateCell {
  lowest: number;
  highest: number;
  /** what is written: days, or days with a time to the minute or to the second */
  precision: "day" | "minute" | "second";
}

/** What stands before each of PARTS, and its digits. */
const WRITTEN: readonly { width: number; before: string }[] = [
  { width: 4, before: "" },
  { width: 2, before: "-" },
  { width: 2, before: "-" },
  { width: 2, before: "T" },
  { width: 2, before: ":" },
  { width: 2, before: ":" },
];
const N_PARTS = { day: 3, minute: 5, second: 6 };

/**
 * The states of a date cell, digit by digit; see calendarStates. Seconds that are not written are put back as zeros.
 * Undefined where the range has no date.
 * @throws E_MODEL where the text behind the cell could go on with the date
 */
export function dateCell(
  cell: DateCell,
  tokensOf: (character: string) => readonly number[],
  exit: Exit,
  column: number,
  columnName: string,
): Node | undefined {
  const { lowest, highest, precision } = cell;
  const digits = new DateDigits(precision, tokensOf, exit, column, columnName);
  return calendarStates({ lowest, highest, nParts: N_PARTS[precision] }, digits);
}

class DateDigits implements PartWriter {
  private readonly shared = new Map<string, Node>();
  private readonly idOf = new Map<Node, number>();

  constructor(
    private readonly precision: DateCell["precision"],
    private readonly tokensOf: (character: string) => readonly number[],
    private readonly exit: Exit,
    private readonly column: number,
    private readonly columnName: string,
  ) {}

  write(at: number, values: ReadonlyMap<number, Node>): Node {
    const { width, before } = WRITTEN[at]!;
    const digits = this.digits(values, width);
    if (before === "") return digits;
    const node = new Node();
    if (!connectAll(node, this.tokensOf(before), digits, this.column)) throw this.ambiguous();
    return node;
  }

  end(): Node {
    const node = new Node();
    const action = this.precision === "minute" ? ACTION_POWER_OF_TEN + 2 : ACTION_NONE;
    if (!node.connect(this.exit.tokens[0]!, this.exit.nodes[0]!, this.column, action)) throw this.ambiguous();
    return node;
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
