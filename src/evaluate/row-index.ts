import { isMissing, rowCount, type Column } from "../table/columns";

/** A set of the rows of a table, to ask whether another table of the same schema shares a row. */
export class RowIndex {
  /** different rows among those indexed */
  readonly nDistinct: number = 0;
  /** row + 1 in each slot, 0 where empty; a power of two of slots, at most half of them taken */
  private readonly slots: Int32Array;
  private readonly bits = new Float64Array(1);
  private readonly words = new Int32Array(this.bits.buffer);

  /** texts of the indexed rows by a number each */
  private readonly textNumbers = new Map<string, number>();

  constructor(private readonly columns: readonly Column[]) {
    for (const column of columns) {
      if (column.kind !== "text") continue;
      for (const text of column.values) {
        if (text !== null && !this.textNumbers.has(text)) this.textNumbers.set(text, this.textNumbers.size);
      }
    }
    const n = rowCount(columns);
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * n + 2)));
    for (let row = 0; row < n; row++) {
      const slot = this.find(columns, row);
      if (this.slots[slot] !== 0) continue;
      this.slots[slot] = row + 1;
      this.nDistinct++;
    }
  }

  /** True where row `row` of `table` equals one of the indexed rows; missing equals missing. */
  has(table: readonly Column[], row: number): boolean {
    return this.slots[this.find(table, row)] !== 0;
  }

  /** The slot that holds an equal row, or the empty one where it would go. */
  private find(table: readonly Column[], row: number): number {
    const mask = this.slots.length - 1;
    let slot = this.hash(table, row) & mask;
    while (this.slots[slot] !== 0 && !this.equals(this.slots[slot]! - 1, table, row))
      slot = (slot + 1) & mask;
    return slot;
  }

  private equals(own: number, table: readonly Column[], row: number): boolean {
    return this.columns.every((column, i) => Object.is(this.cell(column, own), this.cell(table[i]!, row)));
  }

  /** MurmurHash3's mixing over the bits of the cells. */
  private hash(table: readonly Column[], row: number): number {
    let h = 0;
    for (const column of table) {
      this.bits[0] = this.cell(column, row);
      for (const word of this.words) {
        const k = Math.imul(word, 0xcc9e2d51);
        h ^= Math.imul((k << 15) | (k >>> 17), 0x1b873593);
        h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64;
      }
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    return h ^ (h >>> 13);
  }

  /** A cell as a number, NaN where it is missing; adding 0 makes -0 and 0 the same. A text of no indexed row is -1. */
  private cell(column: Column, row: number): number {
    if (isMissing(column, row)) return NaN;
    if (column.kind === "category") return column.codes[row]!;
    return column.kind === "text"
      ? (this.textNumbers.get(column.values[row]!) ?? -1)
      : column.scaled[row]! + 0;
  }
}
