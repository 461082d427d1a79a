import { appendFile, readFile } from "node:fs/promises";
import { writeText } from "../run/atomic";

/** One line of training.jsonl. */
export interface TrainingLogEntry {
  /** steps done, 1 for the first */
  step: number;
  epoch: number;
  /** mean negative log-likelihood of a token under loss, nats */
  loss: number;
  /** the same summed over a row, nats */
  lossPerRow: number;
  learningRate: number;
  gradientNorm: number;
  tokensPerSecond: number;
  /** the same by column: the sum over the tokens of its cell; of table models, now and then */
  lossPerColumn?: Record<string, number>;
  /** of rows left out of training, nats a row, where it was measured after this step */
  validationLossPerRow?: number;
  /** the same by column: the sum over the tokens of its cell */
  validationLossPerColumn?: Record<string, number>;
}

/** What version 0.1.0 called the losses of validation at first. */
const FORMER_NAMES = /"holdoutLossPer(?=Row"|Column")/g;

/**
 * Starts the log of a run that goes on after `step` steps: later lines, of work that was lost, are cut off. Returns what
 * is kept.
 */
export async function openTrainingLog(path: string, step: number): Promise<TrainingLogEntry[]> {
  const kept = step === 0 ? [] : (await readTrainingLog(path)).filter((entry) => entry.step <= step);
  await writeText(path, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  return kept;
}

export async function appendTrainingLog(path: string, entry: TrainingLogEntry): Promise<void> {
  await appendFile(path, `${JSON.stringify(entry)}\n`);
}

/** The entries of a log; a line cut short by a crash is left out. Empty where there is no file. */
export async function readTrainingLog(path: string): Promise<TrainingLogEntry[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line.replace(FORMER_NAMES, '"validationLossPer')) as TrainingLogEntry);
}
