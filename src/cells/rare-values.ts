import type { Column } from "../table/columns";
import type { CellPlan } from "./plan";

/** Categories of a column that too few rows have to be learnt. */
export interface RareValues {
  column: string;
  /** distinct ones */
  values: number;
  /** rows that had one of them */
  rows: number;
}

/** What `protectRare` keeps from being learnt and drawn, of the columns where that is anything. */
export function rareValues({ columns: plans }: CellPlan, columns: readonly Column[]): RareValues[] {
  return plans.flatMap((plan) => {
    const column = columns.find(({ name }) => name === plan.name);
    if (plan.kind !== "categories" || !plan.rare || column?.kind !== "category") return [];
    const kept = new Set(plan.values);
    const isRare = column.values.map((value) => !kept.has(value));
    const rows = column.codes.filter((code) => code >= 0 && isRare[code]!);
    return [{ column: plan.name, values: new Set(rows).size, rows: rows.length }];
  });
}
