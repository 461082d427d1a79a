import { aborted } from "./errors";

/** One report of a stage: `done` of `total` things of `unit`. `total` 0: not known. */
export interface Progress {
  /** e.g. "train" */
  stage: string;
  done: number;
  total: number;
  /** what is counted, in the plural: "tokens", "rows", "bytes" */
  unit: string;
  /** a few words that change while it goes on, e.g. "loss 1.23" */
  note?: string;
}

export type OnProgress = (progress: Progress) => void;

/** What every stage takes beside its own options. */
export interface StageControl {
  /** ends the stage early with E_ABORTED; what it has written so far can be gone on from */
  signal?: AbortSignal | undefined;
  onProgress?: OnProgress | undefined;
}

/** @throws E_ABORTED where the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw aborted(what);
}
