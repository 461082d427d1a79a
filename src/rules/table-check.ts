import { rowCount, type Column } from "../table/columns";
import type { RuleSet } from "./rule-set";

/** Which rules a real table breaks, in words: how many rows do, and the first of them. */
export function brokenRules(set: RuleSet, columns: readonly Column[]): string[] {
  const n = rowCount(columns);
  const broken = new Map<string, { count: number; first: number }>();
  const note = (source: string, row: number): void => {
    const known = broken.get(source);
    broken.set(source, { count: (known?.count ?? 0) + 1, first: Math.min(known?.first ?? row, row) });
  };
  for (const { source, holds } of set.questions) {
    for (let row = 0; row < n; row++) if (!holds(columns, row)) note(source, row);
  }
  for (const { source, columns: fields } of set.unique) {
    const seen = new Set<string>();
    for (let row = 0; row < n; row++) {
      const key = JSON.stringify(fields.map((f) => cell(columns[f]!, row)));
      if (seen.has(key)) note(source, row);
      seen.add(key);
    }
  }
  return [...broken].map(
    ([source, { count, first }]) =>
      `the table itself breaks the rule ${source} in ${count} of ${n} rows, first in row ${first + 1}`,
  );
}

function cell(column: Column, row: number): number | string | null {
  return column.kind === "category"
    ? column.codes[row]!
    : column.kind === "text"
      ? column.values[row]!
      : column.scaled[row]!;
}
