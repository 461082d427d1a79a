import { rowCount, type NumberColumn } from "../table/columns";
import { fromScaled } from "../table/number";
import type { Cells } from "./cells";

/** How far a number may be off, relative to the row asked for. */
const TOLERANCE = 0.01;

/**
 * Rows to be found by others that nearly equal them: equal categories and missing cells, numbers within one per cent.
 * Rows of the same categories lie together, sorted by the number column of most values, so a search looks at few.
 */
export class NearRows {
  private readonly groups = new Map<string, Int32Array>();
  /** index of the column that groups are sorted by, -1 where there is no number */
  private readonly sorted: number;

  constructor(private readonly columns: readonly Cells[]) {
    const distinct = columns.map((column) => (column.kind === "number" ? new Set(column.scaled).size : -1));
    const most = Math.max(...distinct);
    this.sorted = most < 0 ? -1 : distinct.indexOf(most);
    const lists = new Map<string, number[]>();
    for (let row = 0; row < rowCount(columns); row++) {
      const key = keyOf(columns, row);
      const list = lists.get(key);
      if (list) list.push(row);
      else lists.set(key, [row]);
    }
    const by = columns[this.sorted] as NumberColumn | undefined;
    for (const [key, rows] of lists) {
      this.groups.set(key, Int32Array.from(by ? rows.sort((a, b) => by.scaled[a]! - by.scaled[b]!) : rows));
    }
  }

  /** True where one of the rows nearly equals row `row` of the table. */
  has(table: readonly Cells[], row: number): boolean {
    const group = this.groups.get(keyOf(table, row));
    if (!group) return false;
    const by = this.columns[this.sorted] as NumberColumn | undefined;
    const other = table[this.sorted] as NumberColumn | undefined;
    // at the decimals of the rows that are searched
    const wanted = by && other ? other.scaled[row]! * 10 ** (by.decimals - other.decimals) : NaN;
    if (!by || Number.isNaN(wanted)) return group.some((own) => this.matches(own, table, row));
    const reach = Math.abs(wanted * TOLERANCE);
    for (
      let at = firstAtLeast(group, by.scaled, wanted - reach - 1e-9 * Math.abs(wanted));
      at < group.length;
      at++
    ) {
      if (by.scaled[group[at]!]! > wanted + reach + 1e-9 * Math.abs(wanted)) return false;
      if (this.matches(group[at]!, table, row)) return true;
    }
    return false;
  }

  private matches(own: number, table: readonly Cells[], row: number): boolean {
    return this.columns.every((column, c) => {
      const other = table[c]!;
      if (column.kind === "category" || other.kind === "category") return true; // the key's
      const wanted = fromScaled(other.scaled[row]!, other.decimals);
      // NaN beside NaN: both are missing, as the key has it
      if (Number.isNaN(wanted)) return true;
      return (
        Math.abs(fromScaled(column.scaled[own]!, column.decimals) - wanted) <= Math.abs(TOLERANCE * wanted)
      );
    });
  }
}

/** What must agree exactly: the categories, and which numbers are missing. */
function keyOf(table: readonly Cells[], row: number): string {
  let key = "";
  for (const column of table) {
    key +=
      column.kind === "category" ? `${column.codes[row]!},` : Number.isNaN(column.scaled[row]!) ? "m" : "n";
  }
  return key;
}

/** Index of the first row of an ascending group whose value is at least `least`. */
function firstAtLeast(group: Int32Array, values: Float64Array, least: number): number {
  let [low, high] = [0, group.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[group[middle]!]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
