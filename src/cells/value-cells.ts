import { scaleOf } from "../rules/scale";
import { ACTION_NONE, ACTION_VALUE, Node } from "../sample/graph";
import { toDays } from "../table/calendar";
import { type Field, isDateField } from "../table/schema";
import type { CellPlace, ColumnCells, Scale } from "./column-cells";
import { type Counts, lastAtMost, sum } from "./counts";
import type { PlanOf } from "./plan";

/** One token a value, or one a range, whose values are then drawn as often as the rows had them. */
export class ValueCells implements ColumnCells {
  readonly nTokens: number;
  readonly scales: readonly Scale[];
  readonly known: readonly number[] | undefined;
  /** ascending, as are their values */
  private readonly bins: Counts[];
  private readonly lows: number[];

  constructor(plan: PlanOf<"values"> | PlanOf<"bins">, field: Field) {
    this.bins =
      plan.kind === "bins"
        ? plan.values.map((values, b) => ({ values, counts: plan.counts[b]! }))
        : plan.values.map((value, v) => ({ values: [value], counts: [plan.counts[v]!] }));
    this.nTokens = this.bins.length;
    if (plan.kind === "values") this.known = plan.values;
    this.lows = this.bins.map(({ values }) => values[0]!);
    const even = isDateField(field) ? toDays : (value: number) => value;
    const rows = this.bins.map(({ counts }) => sum(counts));
    const means = this.bins.map(
      ({ values, counts }, b) => sum(values.map((value, v) => even(value) * counts[v]!)) / rows[b]!,
    );
    this.scales = [{ first: 0, values: means, counts: rows, whole: true }];
  }

  states({ first, column, to, field }: CellPlace): Node {
    const { lowest, highest } = scaleOf(field)!;
    const root = new Node();
    this.bins.forEach(({ values, counts }, b) => {
      const allowed = values.flatMap((value, v) =>
        value >= lowest && value <= highest ? [{ value, weight: counts[v]! }] : [],
      );
      if (allowed.length === 0) return;
      if (values.length === 1) {
        root.edges.set(first + b, { to, column, action: ACTION_VALUE, value: values[0]! });
        return;
      }
      const inside = new Node();
      allowed.forEach((drawn, v) => inside.edges.set(-1 - v, { to, column, action: ACTION_VALUE, ...drawn }));
      root.edges.set(first + b, { to: inside, column, action: ACTION_NONE });
    });
    return root;
  }

  encode(value: number): readonly number[] | undefined {
    const b = lastAtMost(this.lows, value);
    if (this.known) return this.lows[b] === value ? [b] : undefined;
    return b >= 0 && value <= this.bins.at(-1)!.values.at(-1)! ? this.encodeNear(value) : undefined;
  }

  encodeNear(value: number): readonly number[] | undefined {
    const b = Math.max(0, lastAtMost(this.lows, value));
    const next = this.lows[b + 1];
    if (next === undefined) return this.nTokens > 0 ? [b] : undefined;
    return [next - value < value - this.bins[b]!.values.at(-1)! ? b + 1 : b];
  }
}
