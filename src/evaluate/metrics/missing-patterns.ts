import { isMissing, rowCount } from "../../table/columns";
import type { Cells } from "../cells";
import { around, bootstrapErrors } from "../intervals";
import type { Metric } from "../metric";

/** Patterns listed in the detail. */
const LISTED = 10;

/** 1 - half the sum of the differences between the shares of rows by which of their cells are missing. */
export const missingPatterns: Metric = {
  name: "missing-patterns",
  title: "Missing-value patterns",
  area: "fidelity",
  direction: "higher",
  description:
    "How well the rows match the real ones in which of their cells are missing together: 1 is the same; not defined " +
    "where nothing is missing.",
  parts: [],
  yardstick: "fresh",
  async compute(table, { train, random, once }) {
    const real = once("missing patterns", () => patternsOf(train));
    const scored = patternsOf(table);
    const shares = sharesOf(real);
    if ([...new Set([...real, ...scored])].every((pattern) => pattern === "")) return { value: NaN };
    const value = similarity(shares, sharesOf(scored));
    const [error] = bootstrapErrors(
      rowCount(table),
      (ids) => [similarity(shares, sharesOf(Array.from(ids, (id) => scored[id]!)))],
      random("bootstrap missing"),
    );
    const found = sharesOf(scored);
    const listed = [...new Set([...shares.keys(), ...found.keys()])]
      .map((pattern) => ({
        columns: pattern === "" ? [] : pattern.split(",").map((c) => train[Number(c)]!.name),
        real: shares.get(pattern) ?? 0,
        scored: found.get(pattern) ?? 0,
      }))
      .sort((a, b) => b.real + b.scored - a.real - a.scored);
    return { value, interval: around(value, error!, 0, 1), detail: { patterns: listed.slice(0, LISTED) } };
  },
};

/** Of each row the indices of the columns that it misses, separated by commas. */
function patternsOf(table: readonly Cells[]): string[] {
  const mayMiss = table
    .map((column, c) => ({ column, c }))
    .filter(({ column }) =>
      column.kind === "category" ? column.codes.includes(-1) : column.scaled.some(Number.isNaN),
    );
  return Array.from({ length: rowCount(table) }, (_, row) =>
    mayMiss
      .filter(({ column }) => isMissing(column, row))
      .map(({ c }) => c)
      .join(),
  );
}

function sharesOf(patterns: readonly string[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const pattern of patterns) shares.set(pattern, (shares.get(pattern) ?? 0) + 1 / patterns.length);
  return shares;
}

function similarity(a: Map<string, number>, b: Map<string, number>): number {
  let sum = 0;
  for (const pattern of new Set([...a.keys(), ...b.keys()])) {
    sum += Math.abs((a.get(pattern) ?? 0) - (b.get(pattern) ?? 0));
  }
  return 1 - sum / 2;
}
