import { scaleOf } from "../rules/scale";
import { ACTION_NEGATE, ACTION_NONE, ACTION_POWER_OF_TEN, Node } from "../sample/graph";
import type { CellPlace, ColumnCells, Scale } from "./column-cells";
import type { PlanOf } from "./plan";

/** A sign where there are negative values, then digits of a fixed number, each place with ten tokens of its own. */
export class DigitCells implements ColumnCells {
  readonly nTokens: number;
  readonly scales: readonly Scale[];
  private readonly width: number;
  private readonly unit: number;
  private readonly nSigns: number;

  constructor(private readonly plan: PlanOf<"digits">) {
    this.width = plan.width;
    this.unit = 10 ** plan.zeros;
    this.nSigns = plan.signed ? 2 : 0;
    this.nTokens = this.nSigns + 10 * plan.width;
    const digits = Array.from({ length: 10 }, (_, digit) => digit);
    this.scales = Array.from({ length: plan.width }, (_, place) => ({
      first: this.tokenOf(place, 0),
      values: digits,
      counts: digits.map(() => 1),
      whole: false,
    }));
  }

  states(place: CellPlace): Node {
    const scale = scaleOf(place.field)!;
    const lowest = Math.ceil(scale.lowest / this.unit);
    const highest = Math.floor(scale.highest / this.unit);
    const digits = new DigitStates(place, this.plan, (at, digit) => this.tokenOf(at, digit));
    const positive = digits.from(0, Math.max(lowest, 0), highest);
    if (this.nSigns === 0) return positive ?? new Node();
    const { first, column } = place;
    const root = new Node();
    const negative = digits.from(0, Math.max(-highest, 1), -lowest);
    if (positive) root.edges.set(first, { to: positive, column, action: ACTION_NONE });
    if (negative) root.edges.set(first + 1, { to: negative, column, action: ACTION_NEGATE });
    return root;
  }

  encode(value: number): readonly number[] | undefined {
    const size = Math.abs(value) / this.unit;
    if (!Number.isInteger(size) || size >= 10 ** this.width) return undefined;
    if (value < 0 && this.nSigns === 0) return undefined;
    const digits = Array.from(String(size).padStart(this.width, "0"), (digit, place) =>
      this.tokenOf(place, Number(digit)),
    );
    return this.nSigns === 0 ? digits : [value < 0 ? 1 : 0, ...digits];
  }

  encodeNear(value: number): readonly number[] | undefined {
    const size = Math.min(Math.round(Math.abs(value) / this.unit), 10 ** this.width - 1);
    const signed = value >= 0 ? size : this.nSigns === 0 ? 0 : -size;
    return this.encode(signed * this.unit);
  }

  private tokenOf(place: number, digit: number): number {
    return this.nSigns + 10 * place + digit;
  }
}

/** What is left of a number is known by its digits to come and the interval that they must lie in. */
class DigitStates {
  private readonly states = new Map<string, Node>();
  private readonly end: Node;

  constructor(
    private readonly at: CellPlace,
    private readonly plan: PlanOf<"digits">,
    private readonly tokenOf: (place: number, digit: number) => number,
  ) {
    this.end = at.to;
    if (plan.zeros === 0) return;
    this.end = new Node();
    const action = ACTION_POWER_OF_TEN + plan.zeros;
    this.end.edges.set(-1, { to: at.to, column: at.column, action, weight: 1 });
  }

  /** The digits from a place on, which make a number from `lowest` to `highest`; undefined where there is none. */
  from(place: number, lowest: number, highest: number): Node | undefined {
    const { width } = this.plan;
    const most = Math.min(highest, 10 ** (width - place) - 1);
    if (lowest > most) return undefined;
    if (place === width) return this.end;
    const key = `${place},${lowest}-${most}`;
    let node = this.states.get(key);
    if (node) return node;
    this.states.set(key, (node = new Node()));
    const unit = 10 ** (width - place - 1);
    for (let digit = 0; digit < 10; digit++) {
      const low = Math.max(lowest - digit * unit, 0);
      const high = Math.min(most - digit * unit, unit - 1);
      const to = this.from(place + 1, low, high);
      if (!to) continue;
      const token = this.at.first + this.tokenOf(place, digit);
      node.edges.set(token, { to, column: this.at.column, action: digit });
    }
    return node;
  }
}
