import { availableParallelism } from "node:os";
import { encodeCompat, type DoublePoints } from "../encode/compat";
import type { DeviceName } from "../devices/kinds";
import { fitEncoding } from "../encode/encoding";
import { HarmonicError } from "../errors";
import { loadAddon } from "../native/load";
import { rowCount, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";

export interface NeighborOptions {
  /** neighbours of each row, 0..32 */
  k: number;
  /** default "gower" */
  encoding?: "gower" | "compat";
  /** whether the target counts in the distance; "compat" always counts it */
  target?: boolean;
  threads?: number;
  /** cpu: no GPU searches [auto] */
  device?: DeviceName;
}

export const MAX_K = 32;

/**
 * The k nearest rows of each row, itself excluded by id, in ascending distance: shape (n, k), row-major. Ties go to
 * the smaller id. E_INPUT for a table of k rows or fewer.
 */
export async function findNeighbors(
  columns: readonly Column[],
  schema: TableSchema,
  options: NeighborOptions,
): Promise<Int32Array> {
  const { k } = options;
  const n = rowCount(columns);
  checkK(k, n);
  if (k === 0) return new Int32Array(0);
  const threads = options.threads ?? availableParallelism();
  const gpu = options.device !== "cpu";
  if (options.encoding === "compat")
    return await findCompat(encodeCompat(columns, schema), k, { threads, gpu });
  const { data, d } = fitEncoding(columns, schema, { target: options.target ?? false }).encode(columns);
  // A table of nothing but its target has no features: then every row is as near as any other.
  const points = d === 0 ? new Float32Array(n) : data;
  const { ids } = await loadAddon().nearestNeighbors({ points, d: Math.max(d, 1), k, threads, gpu });
  return new Int32Array(ids);
}

/** Refuses a number of neighbours that is no integer from 0 to 32, or that the table has too few rows for. */
export function checkK(k: number, nRows: number): void {
  if (!Number.isInteger(k) || k < 0 || k > MAX_K) {
    throw new HarmonicError("E_USAGE", `expected an integer from 0 to ${MAX_K} for \`k\` but received ${k}`, {
      hint: "5 neighbours are the method's default",
    });
  }
  if (nRows <= k) {
    throw new HarmonicError(
      "E_INPUT",
      `the table has ${nRows} ${nRows === 1 ? "row" : "rows"}, too few for ${k} neighbours of each: expected at least ${k + 1}`,
      {
        hint: nRows > 1 ? `give more rows, or --k ${nRows - 1} or less` : "give more rows",
      },
    );
  }
}

/** Candidates beyond k, among which single precision may have put some in another order. */
const SPARE = 16;

/**
 * The original's neighbours: k + 1 nearest in double precision, the row itself among them, without the first of
 * them (which is another row where rows are equal). Candidates come from the addon in single precision; a row whose
 * candidates may not hold all is searched again in full.
 */
async function findCompat(
  points: DoublePoints,
  k: number,
  how: { threads: number; gpu: boolean },
): Promise<Int32Array> {
  const { data, n, d } = points;
  const nCandidates = Math.min(k + SPARE, n - 1);
  const found = await loadAddon().nearestNeighbors({
    points: Float32Array.from(data),
    d,
    k: nCandidates,
    ...how,
  });
  const ids = new Int32Array(found.ids);
  const result = new Int32Array(n * k);
  const all = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n; i++) {
    const candidates = ids.subarray(i * nCandidates, (i + 1) * nCandidates);
    let ranked = rank(points, i, [i, ...candidates]);
    const kth = ranked[k]!.distance;
    const last = ranked[ranked.length - 1]!.distance;
    // Single precision moves a coordinate c by c * 2^-24 at most; 1e-5 is far above what that makes of distances here.
    const certain = nCandidates === n - 1 || last > kth * (1 + 1e-5) + 1e-5;
    if (!certain) ranked = rank(points, i, all);
    for (let j = 0; j < k; j++) result[i * k + j] = ranked[j + 1]!.id;
  }
  return result;
}

function rank(
  { data, d }: DoublePoints,
  i: number,
  ids: ArrayLike<number>,
): { id: number; distance: number }[] {
  const ranked = Array.from(ids, (id) => {
    let distance = 0;
    for (let j = 0; j < d; j++) {
      const difference = data[i * d + j]! - data[id * d + j]!;
      distance += difference * difference;
    }
    return { id, distance };
  });
  return ranked.sort((a, b) => a.distance - b.distance || a.id - b.id);
}
