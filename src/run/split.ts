import type { Random } from "../random";
import { rowCount, type Column } from "../table/columns";

export interface SplitOptions {
  /** column that the parts are stratified by: classes, or tenths of the numbers or dates by rank */
  target?: string | undefined;
  /** shares of the rows, 0..1 */
  test: number;
  holdout: number;
  random: Random;
}

/** Row ids of each part, ascending; together they are all rows. */
export interface Split {
  train: Int32Array;
  test: Int32Array;
  holdout: Int32Array;
}

/**
 * Splits a table at random with the target's distribution in each part: rows shuffled within their stratum, strata one
 * after another, then every so-manieth row to each part, so that shares are met to within one row.
 */
export function splitTable(columns: readonly Column[], options: SplitOptions): Split {
  const n = rowCount(columns);
  const order = options.random.derive("split").shuffle(Int32Array.from({ length: n }, (_, i) => i));
  const target = columns.find(({ name }) => name === options.target);
  const stratum = target === undefined ? new Int32Array(n) : strataOf(target, n);
  order.sort((a, b) => stratum[a]! - stratum[b]!); // stable: keeps the shuffled order inside a stratum
  const [test, rest] = takeShare(order, options.test);
  const [holdout, train] = takeShare(rest, options.holdout / (1 - options.test));
  return { train: train.sort(), test: test.sort(), holdout: holdout.sort() };
}

const N_BINS = 10;

function strataOf(column: Column, n: number): Int32Array {
  if (column.kind === "category") return column.codes;
  if (column.kind === "text") return new Int32Array(n);
  const { scaled } = column;
  const present = Int32Array.from({ length: n }, (_, i) => i).filter((i) => !Number.isNaN(scaled[i]));
  present.sort((a, b) => scaled[a]! - scaled[b]! || a - b);
  const bins = new Int32Array(n).fill(-1);
  present.forEach((id, rank) => (bins[id] = Math.floor((rank * N_BINS) / present.length)));
  return bins;
}

/** Every (1 / share)-th of the ids, round(n * share) in all, and the others. */
function takeShare(ids: Int32Array, share: number): [taken: Int32Array, others: Int32Array] {
  const isTaken = (p: number): boolean => Math.floor((p + 1) * share + 0.5) > Math.floor(p * share + 0.5);
  return [ids.filter((_, p) => isTaken(p)), ids.filter((_, p) => !isTaken(p))];
}
