import { type CharacterCell, CharacterEdges } from "./character-edges";
import { ACTION_NEGATE, Node } from "./graph";

/** A number cell: integers from `lowest` to `highest` at scale 10^-decimals. */
export interface NumberCell {
  lowest: number;
  highest: number;
  decimals: number;
  /** fewest digits printed after the point: `decimals` where exactly these are; see NumberField */
  minDecimals: number;
  /** digits of every number, with leading zeros; then there are no decimals and nothing below 0 */
  width?: number;
}

/** Numbers that what is left to write may hold, as integers. */
interface Interval {
  lowest: number;
  highest: number;
}

/**
 * The states of a number cell, digit by digit. A state is known by what may still follow: for each number of whole
 * digits to come, the interval that the remaining digits must lie in (and after the point, the one interval and how
 * many digits were printed). Prefixes with the same future share a state, and every state leads to an end. There are
 * no leading zeros and no negative zero; trailing zeros are written as the format prints them.
 * @throws E_MODEL where the text behind the cell could go on with the number
 */
export function numberCell(cell: NumberCell, place: CharacterCell): Node {
  return new DigitStates(cell, new CharacterEdges(place, "number")).root();
}

class DigitStates {
  private readonly states = new Map<string, Node>();

  constructor(
    private readonly cell: NumberCell,
    private readonly edges: CharacterEdges,
  ) {}

  root(): Node {
    const { lowest, highest, width } = this.cell;
    if (width !== undefined) return this.fixed({ lowest, highest }, width);
    const root = new Node();
    if (highest >= 0) this.start(root, { lowest: Math.max(lowest, 0), highest });
    if (lowest < 0) {
      const negative = new Node();
      this.start(negative, { lowest: Math.max(-highest, 1), highest: -lowest });
      this.edges.connect(root, "-", negative, ACTION_NEGATE);
    }
    return root;
  }

  /** `nDigits` digits to come, which lie in `future`. */
  private fixed(future: Interval, nDigits: number): Node {
    return this.share(`d${nDigits},${future.lowest}-${future.highest}`, (node) => {
      if (nDigits === 0) return this.edges.leave(node, 0);
      for (let digit = 0; digit < 10; digit++) {
        const next = narrow(future, digit, 10 ** (nDigits - 1));
        this.connectDigit(node, digit, next && this.fixed(next, nDigits - 1));
      }
    });
  }

  /** The first whole digit: a zero stands alone. */
  private start(node: Node, { lowest, highest }: Interval): void {
    const unit = 10 ** this.cell.decimals;
    const nWhole = String(Math.floor(highest / unit)).length;
    const futures: (Interval | undefined)[] = [];
    for (let whole = 0; whole <= nWhole; whole++) futures.push(clip({ lowest, highest }, unit * 10 ** whole));
    for (let digit = 0; digit < 10; digit++) {
      const next = futures.map((_, whole) =>
        digit === 0 && whole > 0 ? undefined : narrow(futures[whole + 1], digit, unit * 10 ** whole),
      );
      this.connectDigit(node, digit, this.whole(next));
    }
  }

  /** futures[w]: what w more whole digits and the decimals may hold. */
  private whole(futures: (Interval | undefined)[]): Node | undefined {
    if (futures.every((future) => future === undefined)) return undefined;
    return this.share("w" + futures.map((f) => (f ? `${f.lowest}-${f.highest}` : "")).join(), (node) => {
      const { decimals, minDecimals } = this.cell;
      const unit = 10 ** decimals;
      for (let digit = 0; digit < 10; digit++) {
        const next = futures.map((_, whole) => narrow(futures[whole + 1], digit, unit * 10 ** whole));
        this.connectDigit(node, digit, this.whole(next));
      }
      const ended = futures[0];
      if (!ended) return;
      if (minDecimals === 0 && ended.lowest === 0) this.edges.leave(node, decimals);
      if (decimals === 0 && minDecimals === 0) return;
      // Where a whole number is written without the point, some digit behind the point is not zero.
      const behind = minDecimals === 0 ? withoutZero(ended) : ended;
      if (behind) this.edges.connect(node, ".", this.fraction(behind, 0));
    });
  }

  /** `nPrinted` digits stand after the point; the decimals left to write lie in `future`. */
  private fraction(future: Interval, nPrinted: number): Node {
    const { decimals, minDecimals } = this.cell;
    return this.share(`f${nPrinted},${future.lowest}-${future.highest}`, (node) => {
      if (nPrinted < decimals) {
        const unit = 10 ** (decimals - nPrinted - 1);
        for (let digit = 0; digit < 10; digit++) {
          const narrowed = narrow(future, digit, unit);
          // A trailing zero beyond the printed minimum must not be the last digit.
          const next = narrowed && digit === 0 && nPrinted >= minDecimals ? withoutZero(narrowed) : narrowed;
          this.connectDigit(node, digit, next && this.fraction(next, nPrinted + 1));
        }
      } else if (nPrinted < minDecimals) {
        this.edges.connect(node, "0", this.fraction(future, nPrinted + 1));
      }
      if (nPrinted >= minDecimals && future.lowest === 0)
        this.edges.leave(node, Math.max(decimals - nPrinted, 0));
    });
  }

  private share(key: string, build: (node: Node) => void): Node {
    let node = this.states.get(key);
    if (!node) {
      node = new Node();
      this.states.set(key, node);
      build(node);
    }
    return node;
  }

  private connectDigit(node: Node, digit: number, to: Node | undefined): void {
    if (to) this.edges.connectDigit(node, digit, to);
  }
}

/** The part of an interval below `limit`. */
function clip({ lowest, highest }: Interval, limit: number): Interval | undefined {
  return lowest < limit ? { lowest, highest: Math.min(highest, limit - 1) } : undefined;
}

/** What follows `digit`, whose place value is `unit`, for the number to lie in the interval. */
function narrow(interval: Interval | undefined, digit: number, unit: number): Interval | undefined {
  if (!interval) return undefined;
  const lowest = Math.max(interval.lowest - digit * unit, 0);
  const highest = Math.min(interval.highest - digit * unit, unit - 1);
  return lowest <= highest ? { lowest, highest } : undefined;
}

function withoutZero({ lowest, highest }: Interval): Interval | undefined {
  return highest >= 1 ? { lowest: Math.max(lowest, 1), highest } : undefined;
}
