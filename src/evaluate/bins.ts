import type { NumberColumn } from "../table/columns";
import type { Cells } from "./cells";

/** Cells of a column as small integers: 0 missing, 1 and up bins of a number or values of a category. */
export interface Binned {
  bins: Int32Array;
  /** above every bin */
  size: number;
}

/** Borders between the bins of a number, ascending: a value goes to the bin after the last border that it reaches. */
export type Borders = readonly number[];

/** Borders of bins of equal width over the values present, as numpy's histogram has them. */
export function equalWidths({ scaled }: NumberColumn, nBins: number): Borders {
  let low = Infinity;
  let high = -Infinity;
  for (const value of scaled) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // numpy widens a range of one value by a half to each side
  if (!(low < high)) [low, high] = [low - 0.5, high + 0.5];
  return Array.from({ length: nBins - 1 }, (_, i) => low + ((high - low) * (i + 1)) / nBins);
}

/** Borders of bins of about as many of the values each; fewer bins where many values are equal. */
export function equalCounts({ scaled }: NumberColumn, nBins: number): Borders {
  const sorted = scaled.filter((value) => !Number.isNaN(value)).sort();
  const borders = Array.from(
    { length: nBins - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / nBins)]!,
  );
  return [...new Set(borders)].filter((border) => border > sorted[0]!);
}

/** The bin of each cell: of numbers between the borders, of categories one a value. */
export function binCells(column: Cells, borders: Borders): Binned {
  if (column.kind === "category") {
    return { bins: column.codes.map((code) => code + 1), size: column.values.length + 1 };
  }
  const bins = Int32Array.from(column.scaled, (value) => {
    if (Number.isNaN(value)) return 0;
    let bin = 1;
    while (bin <= borders.length && value >= borders[bin - 1]!) bin++;
    return bin;
  });
  return { bins, size: borders.length + 2 };
}

/** Most cells of a contingency table that is counted in an array; larger ones are hashed. */
const MAX_DENSE = 1 << 20;

/** Shares of the rows by the combination of their bins. */
export class Shares {
  private readonly strides: number[];
  private readonly shares: Float64Array | Map<number, number>;

  /** `sizes`: above every bin of each column, in this and every other table. */
  constructor(
    private readonly sizes: readonly number[],
    columns: readonly Int32Array[],
    ids?: Int32Array,
  ) {
    this.strides = sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1));
    const size = sizes.reduce((a, b) => a * b, 1);
    this.shares = size <= MAX_DENSE ? new Float64Array(size) : new Map<number, number>();
    const n = ids ? ids.length : columns[0]!.length;
    for (let i = 0; i < n; i++) {
      const row = ids ? ids[i]! : i;
      let at = 0;
      for (let c = 0; c < columns.length; c++) at += columns[c]![row]! * this.strides[c]!;
      this.add(at, 1 / n);
    }
  }

  /** 1 - half the sum of the differences between the shares: 1 where they are the same, 0 where no row agrees. */
  similarity(other: Shares): number {
    let sum = 0;
    if (this.shares instanceof Float64Array && other.shares instanceof Float64Array) {
      for (let at = 0; at < this.shares.length; at++) sum += Math.abs(this.shares[at]! - other.shares[at]!);
      return 1 - sum / 2;
    }
    const [a, b] = [new Map(this.entries()), new Map(other.entries())];
    for (const [at, share] of a) sum += Math.abs(share - (b.get(at) ?? 0));
    for (const [at, share] of b) if (!a.has(at)) sum += share;
    return 1 - sum / 2;
  }

  /**
   * Cramer's V of two columns: how much one says of the other, 0 to 1, among the bins that occur; NaN where one of them
   * is constant.
   */
  cramersV(n: number): number {
    const rows = new Map<number, number>();
    const columns = new Map<number, number>();
    const width = this.sizes[1]!;
    for (const [at, share] of this.entries()) {
      rows.set(Math.floor(at / width), (rows.get(Math.floor(at / width)) ?? 0) + share);
      columns.set(at % width, (columns.get(at % width) ?? 0) + share);
    }
    if (rows.size < 2 || columns.size < 2) return NaN;
    let squares = 0;
    for (const [at, share] of this.entries()) {
      squares += share ** 2 / (rows.get(Math.floor(at / width))! * columns.get(at % width)!);
    }
    const chiSquared = n * (squares - 1);
    return Math.sqrt(Math.max(0, chiSquared) / n / (Math.min(rows.size, columns.size) - 1));
  }

  private add(at: number, share: number): void {
    if (this.shares instanceof Float64Array) this.shares[at]! += share;
    else this.shares.set(at, (this.shares.get(at) ?? 0) + share);
  }

  private *entries(): Generator<[number, number]> {
    for (const [at, share] of this.shares.entries()) if (share > 0) yield [at, share];
  }
}
