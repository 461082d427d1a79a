import { rowCount, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { cellValue } from "./cells";

/** A dependency that would hold by chance with a probability above this (natural log) is none. */
const CHANCE = Math.log(1e-9);
/** Rows for each value that a number must have to determine another column: others would allow seen values alone. */
const ROWS_PER_NUMBER = 10;

/**
 * The columns that another column determines in a table without exception, each as "city -> state". Trivial ones are
 * left out: constant columns, values that hardly repeat, what would hold by chance (each group of equal determinants
 * agrees with the probability that independent draws from the column would), and what follows from the others.
 */
export function learnDependencies(schema: TableSchema, columns: readonly Column[]): string[] {
  const n = rowCount(columns);
  const groups = columns.map((column) => (column.kind === "text" ? undefined : groupsOf(column, n)));
  const limit = CHANCE - 2 * Math.log(Math.max(1, columns.length));
  const found: [number, number][] = [];
  groups.forEach((a, from) => {
    if (!a || a.count < 2 || a.count === n) return;
    if (columns[from]!.kind !== "category" && n < ROWS_PER_NUMBER * a.count) return;
    groups.forEach((b, to) => {
      if (!b || from === to || b.count < 2) return;
      if (determines(a, b) && chanceOf(a, b, n) < limit) found.push([from, to]);
    });
  });
  const name = (f: number): string => quoted(schema.fields[f]!.name);
  return reduced(found).map(([from, to]) => `${name(from)} -> ${name(to)}`);
}

/** Rows by equal cells, a missing cell being a value like others. */
interface Groups {
  /** number of the group of each row */
  ids: Int32Array;
  count: number;
  sizes: number[];
}

function groupsOf(column: Column, n: number): Groups {
  const known = new Map<number | undefined, number>();
  const sizes: number[] = [];
  const ids = new Int32Array(n);
  for (let row = 0; row < n; row++) {
    const value = cellValue(column, row);
    let id = known.get(value);
    if (id === undefined) {
      id = sizes.push(0) - 1;
      known.set(value, id);
    }
    sizes[id]!++;
    ids[row] = id;
  }
  return { ids, count: sizes.length, sizes };
}

function determines(a: Groups, b: Groups): boolean {
  const valueOf = new Int32Array(a.count).fill(-1);
  return a.ids.every((id, row) => {
    if (valueOf[id] === -1) valueOf[id] = b.ids[row]!;
    return valueOf[id] === b.ids[row];
  });
}

/** Natural log of the probability that all groups of `a` agree on `b` where both are independent. */
function chanceOf(a: Groups, b: Groups, n: number): number {
  const shares = b.sizes.map((size) => size / n);
  const bySize = new Map<number, number>();
  let chance = 0;
  for (const size of a.sizes) {
    if (size < 2) continue;
    let log = bySize.get(size);
    if (log === undefined) {
      log = Math.log(shares.reduce((sum, share) => sum + share ** size, 0));
      bySize.set(size, log);
    }
    chance += log;
  }
  return chance;
}

/** Without those that follow from the others: a -> c where a -> b and b -> c. */
function reduced(found: readonly [number, number][]): [number, number][] {
  const next = new Map<number, Set<number>>(found.map(([from]) => [from, new Set()]));
  for (const [from, to] of found) next.get(from)!.add(to);
  for (const [from, to] of [...found].reverse()) {
    next.get(from)!.delete(to);
    if (!reaches(next, from, to)) next.get(from)!.add(to);
  }
  return found.filter(([from, to]) => next.get(from)!.has(to));
}

function reaches(next: ReadonlyMap<number, ReadonlySet<number>>, from: number, to: number): boolean {
  const seen = new Set([from]);
  for (const at of seen) {
    for (const b of next.get(at) ?? []) {
      // Mostly it is near: columns that determine one another all do.
      if (next.get(b)?.has(to)) return true;
      seen.add(b);
    }
  }
  return seen.has(to);
}

/** A column's name as rules read it. */
function quoted(name: string): string {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
