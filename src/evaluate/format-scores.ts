import { layOut } from "../lay-out";
import type { Evaluation, MetricScores, Score } from "./evaluation";

/** How to read each direction, for tables and reports. */
export const BETTER: Readonly<Record<MetricScores["direction"], string>> = {
  higher: "higher",
  lower: "lower",
  half: "near 0.5",
};

export interface FormatOptions {
  /** also the figures behind each headline; default true */
  parts?: boolean;
}

/**
 * The scores as a table for the terminal: one line a figure, the real rows' column before those of the synthetic
 * tables, warnings below. Without colours or trailing spaces; ends in a line break.
 */
export function formatScores(evaluation: Evaluation, options: FormatOptions = {}): string {
  const tables = evaluation.metrics[0]?.scores.map(({ table }) => table) ?? [];
  const lines: string[][] = [["", "better", ...tables]];
  for (const metric of evaluation.metrics) {
    lines.push([metric.title, BETTER[metric.direction], ...metric.scores.map(formatScore)]);
    if (options.parts === false) continue;
    for (const { key, title, direction } of metric.parts) {
      const figures = metric.scores.map((score: Score) => formatFigure(score.parts[key] ?? null));
      if (figures.every((text) => text === MISSING)) continue;
      lines.push([`  ${title}`, BETTER[direction], ...figures]);
    }
  }
  const text = layOut(lines, 2) + noteOnRows(evaluation);
  const warnings = evaluation.warnings.map((warning) => `! ${warning}\n`).join("");
  return warnings === "" ? text : `${text}\n${warnings}`;
}

const MISSING = "-";

/** A figure with three digits after the point, or three that count where it is large or tiny. */
export function formatFigure(value: number | null): string {
  if (value === null) return MISSING;
  const size = Math.abs(value);
  return size === 0 || (size >= 0.0005 && size < 1000) ? value.toFixed(3) : value.toPrecision(3);
}

/** A headline with half the width of its 95 % interval. */
function formatScore({ value, interval }: Score): string {
  const [low, high] = interval ?? [null, null];
  if (value === null || low === null || high === null) return formatFigure(value);
  return `${formatFigure(value)} ±${((high - low) / 2).toFixed(3)}`;
}

function noteOnRows({ tables, metrics }: Evaluation): string {
  const sizes = tables.map(({ name, rows }) => `${name} ${rows}`).join(", ");
  const yardstick = metrics.some((metric) => metric.yardstick === "train")
    ? "real: learners trained on train; else the test rows scored as if they were synthetic."
    : "real: the test rows scored as if they were synthetic.";
  return `\nrows: ${sizes}\n${yardstick}\n±: half of a 95 % interval.\n`;
}
