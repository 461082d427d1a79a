import { rowCount } from "../table/columns";
import type { Cells } from "./cells";
import { APPROXIMATE, type EvaluationContext, type Neighbors } from "./metric";
import { sampleRows } from "./rows";

/** Most rows scored by their distance to real rows: the share of as many is right to 0.003. */
const MAX_SCORED = 100_000;

/** The two nearest real rows of each row of a table, or the nearest where there are not two. */
export interface NearestReal {
  /** rows of train, and of the holdout, that were searched */
  size: number;
  k: 1 | 2;
  train: Neighbors;
  holdout: Neighbors;
  /** what a reader must know */
  notes: string[];
}

/** Searched once for all metrics that ask, among as many training rows as there are holdout rows. */
export function nearestReal(table: Cells[], context: EvaluationContext, name: string): Promise<NearestReal> {
  return context.once(`nearest real rows of ${name}`, async (): Promise<NearestReal> => {
    const size = Math.min(rowCount(context.train), rowCount(context.holdout));
    const k = size < 2 ? 1 : 2;
    const queries = scoredRows(table, context);
    const among = (real: Cells[]): Promise<Neighbors> => {
      const { data: points, d } = context.distances.encode(real);
      return context.neighbors({ points, queries, d, k });
    };
    const train = await among(drawnTrain(0, size, context));
    const holdout = await among(comparedHoldout(size, context));
    const notes = [
      ...(rowCount(table) > MAX_SCORED ? [`computed on ${MAX_SCORED} of the rows`] : []),
      ...(train.approximate || holdout.approximate ? [APPROXIMATE] : []),
    ];
    return { size, k, train, holdout, notes };
  });
}

/** The rows that are scored as points, shape (n, d). */
export function scoredRows(table: Cells[], { distances, random }: EvaluationContext): Float32Array {
  return distances.encode(sampleRows(table, MAX_SCORED, random("rows scored"))).data;
}

/** One of the draws of as many training rows as there are holdout rows. */
export function drawnTrain(draw: number, size: number, { train, random }: EvaluationContext): Cells[] {
  return sampleRows(train, size, random(`closest record ${draw}`));
}

/** The holdout rows that training rows are compared with. */
export function comparedHoldout(size: number, { holdout, random }: EvaluationContext): Cells[] {
  return sampleRows(holdout, size, random("holdout"));
}

/** The nearest of the k alone. */
export function firstOf({ ids, distances, approximate }: Neighbors, k: number): Neighbors {
  return {
    ids: ids.filter((_, i) => i % k === 0),
    distances: distances.filter((_, i) => i % k === 0),
    approximate,
  };
}
