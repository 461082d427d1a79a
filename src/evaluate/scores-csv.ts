import type { Evaluation } from "./evaluation";

/** All figures as CSV: a line each, by metric, part ("" for the headline) and table. Empty cells are not defined. */
export function scoresCsv(evaluation: Evaluation): string {
  const lines = [["area", "metric", "part", "title", "better", "table", "value", "low", "high"]];
  for (const { area, name, title, direction, parts, scores } of evaluation.metrics) {
    for (const { table, value, interval } of scores) {
      const [low, high] = interval ?? [null, null];
      lines.push([area, name, "", title, direction, table, text(value), text(low), text(high)]);
    }
    for (const part of parts) {
      for (const score of scores) {
        const value = text(score.parts[part.key] ?? null);
        lines.push([area, name, part.key, part.title, part.direction, score.table, value, "", ""]);
      }
    }
  }
  return lines.map((cells) => `${cells.map(quote).join(",")}\n`).join("");
}

function text(value: number | null): string {
  return value === null ? "" : String(value);
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
