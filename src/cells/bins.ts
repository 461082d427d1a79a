import { type Counts, sum } from "./counts";

/** Values that a bin draws from; of more, those at even steps of rank. */
const MOST_VALUES = 256;

/**
 * About `nBins` ranges of values with about equally many rows each. A value that has as many rows by itself (a heaped
 * one) has a bin of its own.
 */
export function quantileBins({ values, counts }: Counts, nBins: number): Counts[] {
  const target = sum(counts) / nBins;
  const bins: Counts[] = [];
  let open: Counts = { values: [], counts: [] };
  let rows = 0;
  const close = (): void => {
    if (open.values.length > 0) bins.push(open);
    open = { values: [], counts: [] };
    rows = 0;
  };
  values.forEach((value, v) => {
    const count = counts[v]!;
    // A bin ends where it is nearer to its share of rows without the value than with it.
    if (count >= target || rows + count - target > target - rows) close();
    open.values.push(value);
    open.counts.push(count);
    rows += count;
    if (rows >= target) close();
  });
  close();
  return bins.map(thinned);
}

/** At most MOST_VALUES of a bin's values, its least and its greatest among them, each for the rows about it. */
function thinned(bin: Counts): Counts {
  const n = bin.values.length;
  if (n <= MOST_VALUES) return bin;
  const kept = Array.from({ length: MOST_VALUES }, (_, k) => Math.round((k * (n - 1)) / (MOST_VALUES - 1)));
  const values = kept.map((v) => bin.values[v]!);
  const ends = kept.map((v, k) => (k === MOST_VALUES - 1 ? n : Math.ceil((v + kept[k + 1]!) / 2)));
  const counts = ends.map((end, k) => sum(bin.counts.slice(k === 0 ? 0 : ends[k - 1]!, end)));
  return { values, counts };
}
