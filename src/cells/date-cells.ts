import { scaleOf } from "../rules/scale";
import { calendarStates, PARTS } from "../sample/calendar-states";
import { Node } from "../sample/graph";
import { type CalendarTime, fromDigits } from "../table/calendar";
import type { CellPlace, ColumnCells, Scale } from "./column-cells";
import { lastAtMost } from "./counts";
import type { PlanOf } from "./plan";

/** One token for each part of a date that has several values; those that are always the same are not written. */
export class DateCells implements ColumnCells {
  readonly nTokens: number;
  readonly scales: readonly Scale[];
  /** token of each part's first value, -1 where it is not written */
  private readonly firsts: number[] = [];

  constructor(private readonly plan: PlanOf<"dates">) {
    const scales: Scale[] = [];
    let nTokens = 0;
    plan.values.forEach((values, p) => {
      this.firsts.push(values.length > 1 ? nTokens : -1);
      if (values.length < 2) return;
      scales.push({ first: nTokens, values, counts: plan.counts[p]!, whole: false });
      nTokens += values.length;
    });
    this.nTokens = nTokens;
    this.scales = scales;
  }

  states({ field, first, column, to }: CellPlace): Node {
    const { lowest, highest } = scaleOf(field)!;
    const { values } = this.plan;
    /** The digits of a part but the first, behind its token: the model sees nothing of them. */
    const rest = (digits: readonly number[], next: Node): Node =>
      digits.reduceRight((behind, digit) => {
        const node = new Node();
        node.edges.set(-1, { to: behind, column, action: digit, weight: 1 });
        return node;
      }, next);
    const root = calendarStates(
      { lowest, highest, nParts: values.length, values },
      {
        end: () => to,
        write: (at, choices) => {
          const node = new Node();
          for (const [value, next] of choices) {
            const [digit, ...others] = Array.from(String(value).padStart(at === 0 ? 4 : 2, "0"), Number);
            const isWritten = this.firsts[at]! >= 0;
            const token = isWritten ? first + this.firsts[at]! + values[at]!.indexOf(value) : -1;
            const edge = { to: rest(others, next), column, action: digit! };
            node.edges.set(token, isWritten ? edge : { ...edge, weight: 1 });
          }
          return node;
        },
      },
    );
    return root ?? new Node();
  }

  encode(value: number): readonly number[] | undefined {
    return this.tokens(value, (values, part) => values.indexOf(part));
  }

  encodeNear(value: number): readonly number[] | undefined {
    return this.tokens(value, (values, part) => {
      const below = Math.max(0, lastAtMost(values, part));
      const above = Math.min(below + 1, values.length - 1);
      return values[above]! - part < part - values[below]! ? above : below;
    });
  }

  private tokens(
    value: number,
    indexOf: (values: readonly number[], part: number) => number,
  ): number[] | undefined {
    const parts = partsOf(value, this.plan.values.length);
    const indices = parts.map((part, p) => indexOf(this.plan.values[p]!, part));
    if (indices.includes(-1)) return undefined;
    return indices.flatMap((index, p) => (this.firsts[p]! < 0 ? [] : [this.firsts[p]! + index]));
  }
}

/** The first parts of a date, from its year on. */
export function partsOf(digits: number, nParts: number): number[] {
  const time: CalendarTime = fromDigits(digits);
  return PARTS.slice(0, nParts).map((part) => time[part]);
}
