import { selectRows, type CategoryColumn, type Column, type NumberColumn } from "../table/columns";

/** The columns that metrics compare; dates are numbers by then (see scored.ts). */
export type Cells = CategoryColumn | NumberColumn;

/** The columns that metrics compare: all but texts. */
export function cellsOf(columns: readonly Column[]): Cells[] {
  return columns.filter((column): column is Cells => column.kind === "category" || column.kind === "number");
}

/** The rows with these ids, in their order. */
export function pickRows(cells: readonly Cells[], ids: ArrayLike<number>): Cells[] {
  return selectRows(cells, ids) as Cells[];
}
