import { fitEncoding, type Encoding } from "../encode/encoding";
import { RowIndex } from "../evaluate/row-index";
import type { NeighborIndexHandle } from "../native/addon";
import { loadAddon } from "../native/load";
import { rowCount, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";

export interface GateOptions {
  /** the rows trained on, and their schema */
  columns: readonly Column[];
  schema: TableSchema;
  /** whether the target counts in distances, as in preprocess */
  labelInDistance: boolean;
  /** absent: where at least MANY_REPEATS of the rows repeat others */
  allowCopies: boolean | undefined;
  minDistance: number;
  /** tell the distances even where no least one is asked for */
  distances: boolean;
  threads: number;
}

/** Share of rows that repeat others from which on a copy is what the table itself does. */
const MANY_REPEATS = 0.1;

/** Whether the rows of a table repeat others so often that rows drawn may repeat them too. */
export function repeatsEnough(rows: RowIndex, nRows: number): boolean {
  return 1 - rows.nDistinct / nRows >= MANY_REPEATS;
}

/** Why a row may not stand: it equals a row trained on, or is nearer to one than allowed. */
export type Leak = "copies" | "near";

export interface Judgement {
  /** of each row; undefined: it may stand */
  leaks: (Leak | undefined)[];
  /** to the nearest row trained on, shape (rows); where they were asked for */
  distances?: Float32Array;
}

/** Holds drawn rows against the rows trained on. */
export class PrivacyGate {
  readonly warnings: string[] = [];
  private readonly copies: RowIndex | undefined;
  private readonly encoding: Encoding | undefined;
  /** of the rows trained on */
  private readonly index: Promise<NeighborIndexHandle> | undefined;

  constructor(private readonly options: GateOptions) {
    const { columns, schema, labelInDistance, allowCopies, minDistance, distances, threads } = options;
    const n = rowCount(columns);
    if (n === 0) return;
    if (allowCopies !== true) this.copies = new RowIndex(columns);
    const repeats = this.copies === undefined ? 0 : 1 - this.copies.nDistinct / n;
    if (allowCopies === undefined && this.copies && repeatsEnough(this.copies, n)) {
      this.copies = undefined;
      this.warnings.push(
        `rows that equal a row trained on are kept: ${Math.round(100 * repeats)} % of the table's rows repeat another one`,
      );
    }
    if (minDistance === 0 && !distances) return;
    this.encoding = fitEncoding(columns, schema, { target: labelInDistance });
    const points = this.pointsOf(columns);
    this.index = loadAddon().openNeighborIndex({ points, d: Math.max(1, this.encoding.d), k: 1, threads });
    this.index.catch(() => undefined); // reported when rows are judged
  }

  /** Frees the index; nothing is judged any more. Idempotent. */
  close(): void {
    this.index?.then((index) => index.close()).catch(() => undefined);
  }

  /** @param columns drawn rows, in the order of the columns trained on */
  async judge(columns: readonly Column[]): Promise<Judgement> {
    const n = rowCount(columns);
    const distances = await this.distancesOf(columns);
    const leaks = Array.from({ length: n }, (_, i): Leak | undefined => {
      if (this.copies?.has(columns, i) === true) return "copies";
      return distances !== undefined && distances[i]! < this.options.minDistance ? "near" : undefined;
    });
    return { leaks, ...(distances && { distances }) };
  }

  private async distancesOf(columns: readonly Column[]): Promise<Float32Array | undefined> {
    const index = await this.index;
    if (index === undefined) return undefined;
    const found = await index.search(this.pointsOf(columns));
    return new Float32Array(found.distances).map(Math.sqrt);
  }

  private pointsOf(columns: readonly Column[]): Float32Array {
    const { data, n, d } = this.encoding!.encode(columns);
    // A table of nothing but its target has no features: then every row is as near as any other.
    return d === 0 ? new Float32Array(n) : data;
  }
}
