import { join } from "node:path";
import { runProcess } from "./process";
import type { Measurement, Metric, Trial } from "./trial";

export type Values = Record<string, number[]>;

/** Runs a trial once. */
export async function runTrial(trial: Trial): Promise<Values> {
  const stdout = await runProcess(trial.command, trial.env, trial.timeoutMs);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Values;
}

/** The measurements of a trial from its rounds; one failed round fails it, and says why for every metric. */
export function measurementsOf(
  trial: Trial,
  metrics: readonly Metric[],
  rounds: readonly (Values | Error)[],
): Measurement[] {
  const { subject, task, settings } = trial;
  const failed = rounds.find((round) => round instanceof Error);
  return metrics.map(({ name, unit }) => {
    const values = rounds.flatMap((round) => (round instanceof Error ? [] : (round[name] ?? [])));
    const missing = values.length === 0 ? new Error(`the trial told no ${name}`) : undefined;
    const error = failed ?? missing;
    const head = { subject, task, settings, metric: name, unit, values };
    return error
      ? { ...head, median: null, error: withoutPlace(error.message) }
      : { ...head, median: median(values) };
  });
}

/** The middle value, or the mean of the two; values must not be empty. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Choice {
  subject: string;
  metric: string;
  settings: Measurement["settings"];
}

/** The median of the measurement with that subject, metric and at least these settings; undefined where it failed. */
export function medianOf(measurements: readonly Measurement[], choice: Choice): number | undefined {
  const found = measurements.find(
    ({ subject, metric, settings }) =>
      subject === choice.subject &&
      metric === choice.metric &&
      Object.entries(choice.settings).every(([key, value]) => settings[key] === value),
  );
  return found?.median ?? undefined;
}

/** a / b for each key, rounded to three digits behind the point; left out where one of them is missing. */
export function ratiosOf(
  pairs: Record<string, readonly [number | undefined, number | undefined]>,
): Record<string, number> {
  const out: Record<string, number> = {};
  for (const [key, [a, b]] of Object.entries(pairs)) {
    if (a !== undefined && b !== undefined) out[key] = Math.round((a / b) * 1000) / 1000;
  }
  return out;
}

/** Paths in the project from its root on, wherever it lies. */
const withoutPlace = (message: string): string => message.replaceAll(join(__dirname, "..", "..", "/"), "");
