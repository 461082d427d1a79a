import type { CategoryColumn, Column, NumberColumn } from "../table/columns";
import { isoText } from "../table/calendar";
import { formatScaled, fromScaled } from "../table/number";

/** Bars of a histogram, at most. */
const BINS = 24;
/** Categories with a bar of their own; the rarer real ones share one. */
const MAX_CATEGORIES = 12;
const MISSING = "(missing)";

/** A table's share of rows in one bar. */
export interface NumberBar {
  table: string;
  /** edges of the bar, in the column's unit */
  from: number;
  to: number;
  share: number;
}

export interface CategoryBar {
  table: string;
  value: string;
  share: number;
}

/**
 * Histograms of a column in several tables over the same edges, from the least to the largest value of the first,
 * the real table; values beyond count in the outermost bars. Columns of few integers get a bar each.
 */
export function numberBars(tables: readonly string[], columns: readonly NumberColumn[]): NumberBar[] {
  const { decimals, scaled } = columns[0]!;
  let low = Infinity;
  let high = -Infinity;
  for (const value of scaled) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [];
  // Whole steps of the scale a bar, so that no bar holds more possible values than the next.
  const step = Math.max(1, Math.ceil((high - low + 1) / BINS));
  const nBins = Math.ceil((high - low + 1) / step);
  return columns.flatMap((column, t) => {
    const counts = new Float64Array(nBins);
    for (const value of column.scaled) {
      if (Number.isNaN(value)) continue;
      counts[Math.min(nBins - 1, Math.max(0, Math.floor((value - low) / step)))]!++;
    }
    return Array.from(counts, (count, bin) => ({
      table: tables[t]!,
      from: fromScaled(low + bin * step, decimals),
      to: fromScaled(low + (bin + 1) * step, decimals),
      share: count / column.scaled.length,
    }));
  });
}

/** Shares of the most frequent categories of the first table in each, then of all others and of missing cells. */
export function categoryBars(tables: readonly string[], columns: readonly CategoryColumn[]): CategoryBar[] {
  const counts = columns.map((column) => countCodes(column));
  const real = counts[0]!;
  const order = [...real.keys()].slice(0, -1).sort((a, b) => real[b]! - real[a]! || a - b);
  const shown = order.length <= MAX_CATEGORIES + 1 ? order : order.slice(0, MAX_CATEGORIES);
  const rest = order.slice(shown.length);
  const values = columns[0]!.values;
  const groups = [
    ...shown.map((code) => ({ value: values[code]!, codes: [code] })),
    ...(rest.length > 0 ? [{ value: `(${rest.length} others)`, codes: rest }] : []),
    { value: MISSING, codes: [values.length] },
  ];
  return groups
    .map(({ value, codes }) =>
      counts.map((count, t) => {
        const n = columns[t]!.codes.length;
        return { table: tables[t]!, value, share: codes.reduce((sum, code) => sum + count[code]!, 0) / n };
      }),
    )
    .filter((bars) => bars[0]!.value !== MISSING || bars.some(({ share }) => share > 0))
    .flat();
}

/** Cells of each code, the missing ones last. */
function countCodes({ codes, values }: CategoryColumn): Float64Array {
  const counts = new Float64Array(values.length + 1);
  for (const code of codes) counts[code < 0 ? values.length : code]!++;
  return counts;
}

/** "12 to 80, 3.1 % missing", "5 values" or "texts of 3 to 80 characters": what a column holds, in words. */
export function summarise(column: Column): string {
  if (column.kind === "category") {
    const present = new Set(column.codes);
    present.delete(-1);
    return `${present.size} value${present.size === 1 ? "" : "s"}${missingPart(column.codes, (code) => code < 0)}`;
  }
  if (column.kind === "text") {
    const texts = column.values.filter((text) => text !== null);
    const lengths = texts.map((text) => Array.from(text).length);
    const shortest = lengths.reduce((least, length) => Math.min(least, length), Infinity);
    const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
    const range = texts.length === 0 ? "no texts" : `texts of ${shortest} to ${longest} characters`;
    return range + missingPart(column.values, (text) => text === null);
  }
  let low = Infinity;
  let high = -Infinity;
  for (const value of column.scaled) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const format = (value: number): string =>
    column.kind === "date" ? isoText(value) : formatScaled(Math.round(value), column.decimals, 0);
  const range = low > high ? "no values" : `${format(low)} to ${format(high)}`;
  return range + missingPart(column.scaled, Number.isNaN);
}

function missingPart<T>(cells: Iterable<T> & { length: number }, isMissing: (cell: T) => boolean): string {
  let missing = 0;
  for (const cell of cells) if (isMissing(cell)) missing++;
  return missing === 0 ? "" : `, ${((100 * missing) / cells.length).toFixed(1)} % missing`;
}
