import { calendarStates, type PartWriter } from "./calendar-states";
import { type CharacterCell, CharacterEdges } from "./character-edges";
import { Node } from "./graph";

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
export function dateCell({ lowest, highest, precision }: DateCell, place: CharacterCell): Node | undefined {
  return calendarStates(
    { lowest, highest, nParts: N_PARTS[precision] },
    new DateDigits(precision, new CharacterEdges(place, "date")),
  );
}

class DateDigits implements PartWriter {
  private readonly shared = new Map<string, Node>();
  private readonly idOf = new Map<Node, number>();

  constructor(
    private readonly precision: DateCell["precision"],
    private readonly edges: CharacterEdges,
  ) {}

  write(at: number, values: ReadonlyMap<number, Node>): Node {
    const { width, before } = WRITTEN[at]!;
    const digits = this.digits(values, width);
    if (before === "") return digits;
    const node = new Node();
    this.edges.connect(node, before, digits);
    return node;
  }

  end(): Node {
    const node = new Node();
    this.edges.leave(node, this.precision === "minute" ? 2 : 0);
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
        if (child) this.edges.connectDigit(node, digit, child);
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
}
