import type { Order } from "../instruct/order";
import type { AutomatonTables } from "../native/addon";
import { behindSilent, edgeOf } from "./walk";

/** Rows of a table that are counted at most: enough for shares. */
const MOST_ROWS = 1000;

export interface EdgeCountOptions {
  tables: AutomatonTables;
  /** the orders that rows are written in, and where each begins */
  starts: readonly { order: Order; startState: number }[];
  nRows: number;
  /** tokens of a row of the table in an order */
  tokensOf: (row: number, order: Order) => Int32Array;
}

/** How many of a table's rows, at even distances, take each edge of an automaton, each as far as its cells are allowed. */
export function edgeCounts({ tables, starts, nRows, tokensOf }: EdgeCountOptions): Int32Array {
  const counts = new Int32Array(tables.edgeTokens.length);
  const distance = Math.max(1, Math.ceil((nRows * starts.length) / MOST_ROWS));
  for (const { order, startState } of starts) {
    for (let row = 0; row < nRows; row += distance) {
      let state = behindSilent(tables, startState);
      for (const token of tokensOf(row, order)) {
        const edge = edgeOf(tables, state, token);
        if (edge < 0) break;
        counts[edge]!++;
        state = behindSilent(tables, tables.edgeNext[edge]!);
      }
    }
  }
  return counts;
}
