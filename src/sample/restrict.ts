import { contains, type Domain, intersect, type Range } from "../rules/domain";
import {
  ACTION_MISSING,
  ACTION_NEGATE,
  ACTION_NONE,
  ACTION_POWER_OF_TEN,
  type Edge,
  type Exit,
  Node,
} from "./graph";

/**
 * The states of a cell that may hold a part of its values alone; what is not restricted is shared with the cell given.
 * `holdsDigits`: a number or a date, whose value is the digits along the way; else the edge that leaves the cell tells
 * the value. Undefined where no value is left.
 */
export function restrictCell(root: Node, exit: Exit, domain: Domain, holdsDigits: boolean): Node | undefined {
  const outside = new Set([...exit.nodes, exit.to]);
  return holdsDigits
    ? new DigitRestriction(outside, domain).copy(root, 0, domain)
    : restrictChoice(root, outside, domain);
}

/** Categories and texts: the last edge says which value it was. */
function restrictChoice(root: Node, outside: ReadonlySet<Node>, domain: Domain): Node | undefined {
  const copies = new Map<Node, Node>();
  const alive = new Set<Node>();
  const keeps = (action: number): boolean => {
    if (action === ACTION_MISSING) return domain.missing;
    return action === ACTION_NONE ? domain.ranges.length > 0 : contains(domain, action);
  };
  const copy = (node: Node): Node => {
    const known = copies.get(node);
    if (known) return known;
    const made = new Node();
    copies.set(node, made);
    for (const [token, edge] of node.edges) {
      if (outside.has(edge.to)) {
        if (!keeps(edge.action)) continue;
        made.edges.set(token, edge);
        alive.add(made);
      } else {
        const to = copy(edge.to);
        if (!alive.has(to) && to !== made) continue;
        made.edges.set(token, { ...edge, to });
        if (to !== made) alive.add(made);
      }
    }
    return made;
  };
  const made = copy(root);
  return alive.has(made) ? made : undefined;
}

/** Values that what is left of a number may have: for each number of digits to come, the least and the greatest. */
type Reach = ReadonlyMap<number, Range>;

/**
 * Numbers and dates, digit by digit or as values that edges set. A copy is known by its state and by what the domain
 * leaves for the digits to come, so that a range costs a few states a digit.
 */
class DigitRestriction {
  private readonly copies = new Map<Node, Map<string, Node | undefined>>();
  private readonly reaches = new Map<Node, Reach>();
  private readonly missing = new Map<Node, boolean>();

  constructor(
    private readonly outside: ReadonlySet<Node>,
    private readonly domain: Domain,
  ) {}

  /** `magnitude`: the digits so far; `allowed`: the domain of the magnitude. */
  copy(node: Node, magnitude: number, allowed: Domain): Node | undefined {
    const windows = new Map<number, readonly Range[]>();
    let whole = this.domain.missing || !this.canMiss(node);
    for (const [nDigits, range] of this.reach(node)) {
      const base = magnitude * 10 ** nDigits;
      const all = { ranges: [{ low: base + range.low, high: base + range.high }], missing: false };
      const left = intersect(allowed, all).ranges;
      windows.set(
        nDigits,
        left.map(({ low, high }) => ({ low: low - base, high: high - base })),
      );
      const only = left.length === 1 ? left[0]! : undefined;
      whole &&= only?.low === all.ranges[0]!.low && only.high === all.ranges[0]!.high;
    }
    // A minus may follow: then the digits to come are those of another sign.
    const signed = [...node.edges.values()].some(({ action }) => action === ACTION_NEGATE);
    if (whole && !signed) return node;
    const key = JSON.stringify([...windows]);
    let known = this.copies.get(node);
    if (!known) this.copies.set(node, (known = new Map<string, Node | undefined>()));
    if (!known.has(key)) known.set(key, this.restrict(node, magnitude, allowed));
    return known.get(key);
  }

  private restrict(node: Node, magnitude: number, allowed: Domain): Node | undefined {
    const made = new Node();
    for (const [token, edge] of node.edges) {
      const { to, action } = edge;
      if (this.outside.has(to)) {
        if (this.leaves(edge, magnitude, allowed)) made.edges.set(token, edge);
        continue;
      }
      const isDigit = action >= 0 && action <= 9;
      const next =
        action === ACTION_NEGATE
          ? this.copy(to, 0, mirrored(this.domain))
          : this.copy(to, isDigit ? magnitude * 10 + action : magnitude, allowed);
      if (next) made.edges.set(token, { ...edge, to: next });
    }
    return made.edges.size > 0 ? made : undefined;
  }

  private leaves({ action, value }: Edge, magnitude: number, allowed: Domain): boolean {
    if (value !== undefined) return contains(this.domain, value);
    if (action === ACTION_MISSING) return this.domain.missing;
    if (action === ACTION_NONE) return contains(allowed, magnitude);
    if (action >= ACTION_POWER_OF_TEN)
      return contains(allowed, magnitude * 10 ** (action - ACTION_POWER_OF_TEN));
    return contains(allowed, magnitude * 10 + action);
  }

  private reach(node: Node): Reach {
    const known = this.reaches.get(node);
    if (known) return known;
    const reach = new Map<number, Range>();
    const add = (nDigits: number, low: number, high: number): void => {
      const before = reach.get(nDigits);
      reach.set(
        nDigits,
        before ? { low: Math.min(before.low, low), high: Math.max(before.high, high) } : { low, high },
      );
    };
    for (const { to, action, value } of node.edges.values()) {
      const isDigit = action >= 0 && action <= 9;
      if (this.outside.has(to)) {
        if (value !== undefined) add(0, value, value);
        else if (isDigit) add(1, action, action);
        else if (action >= ACTION_POWER_OF_TEN) add(action - ACTION_POWER_OF_TEN, 0, 0);
        else if (action === ACTION_NONE) add(0, 0, 0);
      } else if (action !== ACTION_NEGATE) {
        for (const [nDigits, { low, high }] of this.reach(to)) {
          const place = isDigit ? action * 10 ** nDigits : 0;
          add(nDigits + (isDigit ? 1 : 0), place + low, place + high);
        }
      }
    }
    this.reaches.set(node, reach);
    return reach;
  }

  private canMiss(node: Node): boolean {
    let found = this.missing.get(node);
    if (found === undefined) {
      found = [...node.edges.values()].some(
        ({ to, action }) => action === ACTION_MISSING || (!this.outside.has(to) && this.canMiss(to)),
      );
      this.missing.set(node, found);
    }
    return found;
  }
}

/** The domain of the magnitudes of negative numbers. */
function mirrored({ ranges, missing }: Domain): Domain {
  return {
    ranges: ranges
      .filter(({ low }) => low < 0)
      .map(({ low, high }) => ({ low: Math.max(1, -high), high: -low }))
      .reverse(),
    missing,
  };
}
