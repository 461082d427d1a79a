import type { Measurement, Metric } from "./trial";

/** The measurements as text, a line a trial and a column a metric; a failed trial shows its error instead. */
export function formatTable(measurements: readonly Measurement[], metrics: readonly Metric[]): string {
  const lines = [["subject", "settings", ...metrics.map(({ name, unit }) => `${name} (${unit})`)]];
  for (let i = 0; i < measurements.length; i += metrics.length) {
    const trial = measurements.slice(i, i + metrics.length);
    const { subject, settings, error } = trial[0]!;
    const described = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
    const values = error
      ? [`failed: ${error.split("\n").at(-1)}`]
      : trial.map(({ median }) => (median === null ? "-" : format(median)));
    lines.push([subject, described.join(", "), ...values]);
  }
  const columns = lines[0]!.length;
  const widths = Array.from({ length: columns }, (_, c) =>
    Math.max(...lines.filter((line) => line.length === columns).map((line) => line[c]!.length)),
  );
  return lines
    .map((line) =>
      line
        .map((cell, c) => pad(cell, widths[c]!, c))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const pad = (cell: string, width: number, column: number): string =>
  column < 2 || cell.startsWith("failed") ? cell.padEnd(width) : cell.padStart(width);

const format = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
