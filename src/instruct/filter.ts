import { HarmonicError } from "../errors";
import { rowCount, type CategoryColumn, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";

export interface FilterOptions {
  k: number;
  /** r: a row is kept where at least r + 1 of its neighbours have its label */
  minimum: number;
  /** most that the share of any class may change; default 0.05 */
  priorBound?: number;
}

export interface FilterResult {
  /** ids of the rows kept, ascending */
  kept: Int32Array;
  nDropped: number;
  /** greatest change of a class's share, 0..1 */
  priorChange: number;
}

/**
 * Keeps the rows whose neighbours agree with their label. Where that would change the share of a class by more than
 * the bound, dropped rows of the classes that lost most come back, those with most agreeing neighbours first.
 */
export function filterByLabel(
  columns: readonly Column[],
  schema: TableSchema,
  neighbors: Int32Array,
  options: FilterOptions,
): FilterResult {
  const { codes, values } = labels(columns, schema);
  const { k, minimum, priorBound = 0.05 } = options;
  const n = codes.length;
  const agreeing = Int32Array.from(codes, (label, i) => {
    let count = 0;
    for (let j = 0; j < k; j++) if (codes[neighbors[i * k + j]!] === label) count++;
    return count;
  });
  const isKept = Uint8Array.from(agreeing, (count) => (count > minimum ? 1 : 0));
  const nClasses = values.length + 1; // a missing label is a class of its own, the last
  const classOf = (i: number): number => (codes[i]! < 0 ? values.length : codes[i]!);
  const total = new Float64Array(nClasses);
  const left = new Float64Array(nClasses);
  let nKept = 0;
  for (let i = 0; i < n; i++) {
    total[classOf(i)]!++;
    if (isKept[i]) {
      left[classOf(i)]!++;
      nKept++;
    }
  }
  const dropped = Array.from({ length: nClasses }, (): number[] => []);
  for (let i = n - 1; i >= 0; i--) if (!isKept[i]) dropped[classOf(i)]!.push(i);
  // The next row to come back is the last: most agreeing neighbours, then the smaller id.
  for (const ids of dropped) ids.sort((a, b) => agreeing[a]! - agreeing[b]! || b - a);
  const change = (c: number): number => (nKept === 0 ? 0 : left[c]! / nKept) - total[c]! / n;
  const classes = Array.from({ length: nClasses }, (_, c) => c);
  const greatest = (): number => classes.reduce((most, c) => Math.max(most, Math.abs(change(c))), 0);
  // A class that lost share always has dropped rows, and with all of them back nothing has changed: this ends.
  while (nKept < n && (nKept === 0 || greatest() > priorBound)) {
    const loser = classes.reduce((worst, c) => (change(c) < change(worst) ? c : worst), 0);
    isKept[dropped[loser]!.pop()!] = 1;
    left[loser]!++;
    nKept++;
  }
  return { kept: keptIds(isKept), nDropped: n - nKept, priorChange: greatest() };
}

/**
 * The original's filter for labels 0 and 1, with s the sum of the neighbours' labels: 1 is kept where s > minimum,
 * 0 where s < k - minimum; rows of any other label are dropped.
 */
export function filterCompat(
  columns: readonly Column[],
  schema: TableSchema,
  neighbors: Int32Array,
  options: FilterOptions,
): FilterResult {
  const { codes, values } = labels(columns, schema);
  const { k, minimum } = options;
  const label = Float64Array.from(codes, (code) => Number(values[code]));
  const isKept = Uint8Array.from(label, (own, i) => {
    let sum = 0;
    for (let j = 0; j < k; j++) sum += label[neighbors[i * k + j]!]!;
    return (own === 1 ? sum > minimum : own === 0 ? sum < k - minimum : false) ? 1 : 0;
  });
  const kept = keptIds(isKept);
  let priorChange = 0;
  for (let c = 0; c < values.length; c++) {
    const share = (ids: ArrayLike<number>): number =>
      Array.from(ids).filter((i) => codes[i] === c).length / Math.max(ids.length, 1);
    priorChange = Math.max(priorChange, Math.abs(share(kept) - share(codes.map((_, i) => i))));
  }
  return { kept, nDropped: rowCount(columns) - kept.length, priorChange };
}

function labels(columns: readonly Column[], schema: TableSchema): CategoryColumn {
  const column = columns.find(({ name }) => name === schema.target);
  if (column?.kind === "category") return column;
  throw new HarmonicError(
    "E_USAGE",
    column
      ? `the label filter needs classes, but the target "${column.name}" is a number`
      : "the label filter needs a target column",
    { hint: column ? "leave out --filter" : "name the target with --target, or leave out --filter" },
  );
}

function keptIds(isKept: Uint8Array): Int32Array {
  const ids: number[] = [];
  isKept.forEach((kept, i) => kept && ids.push(i));
  return Int32Array.from(ids);
}
