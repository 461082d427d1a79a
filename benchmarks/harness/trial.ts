/** What a trial is run with: plain values, so that they stand in the results as they are. */
export type Settings = Record<string, string | number | boolean>;

/** One subject at one task with one choice of settings, measured in a process of its own. */
export interface Trial {
  subject: string;
  task: string;
  settings: Settings;
  /** program and arguments; the last line of its stdout is a JSON object: metric -> values */
  command: string[];
  env?: Record<string, string>;
  /** default: ten minutes */
  timeoutMs?: number;
}

export interface Metric {
  name: string;
  unit: string;
}

/** One metric of one trial, as it stands in results/NAME.json. */
export interface Measurement {
  subject: string;
  task: string;
  settings: Settings;
  metric: string;
  unit: string;
  /** every repetition, in the order in which they were measured */
  values: number[];
  /** null where the trial failed */
  median: number | null;
  /** why the trial failed */
  error?: string;
}

export interface Benchmark {
  name: string;
  metrics: Metric[];
  trials: Trial[];
  /** how often the whole list of trials is gone through; more evens out what else the machine does */
  rounds: number;
  /** what the subjects compare at, from the measurements; a ratio whose trials failed is left out */
  ratios: (measurements: Measurement[]) => Record<string, number>;
}
