import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isValid, type Row } from "./validity";
import type { TableSchema } from "../../src/table/schema";

/** Rows that a subject wrote in a time, and the tokens that it evaluated for them, those of prompts too. */
export interface Drawn {
  rows: (Row | undefined)[];
  tokens: number;
  seconds: number;
}

/** What every subject of this benchmark tells. */
export function valuesOf({ rows, tokens, seconds }: Drawn, schema: TableSchema): Record<string, number[]> {
  if (rows.length === 0) throw new Error(`no row was finished within ${seconds.toFixed(0)} s`);
  const valid = rows.filter((row) => isValid(row, schema)).length;
  if (valid === 0) console.error(`none of ${rows.length} rows is valid, e.g. ${JSON.stringify(rows[0])}`);
  return {
    rows_per_second: [valid / seconds],
    written_per_second: [rows.length / seconds],
    valid_share: [valid / rows.length],
    tokens_per_second: [tokens / seconds],
  };
}

/** A row as one worker finished it. */
export interface Finished {
  row: Row | undefined;
  tokens: number;
}

/**
 * Keeps `nWorkers` workers asking for rows for `seconds` and counts what is finished once each has finished its first, so
 * that neither filling the slots nor emptying them is measured; all of it where that takes half of the time.
 */
export async function keepAsking(
  nWorkers: number,
  seconds: number,
  ask: (worker: number, i: number) => Promise<Finished[]>,
): Promise<Drawn> {
  const started = now();
  const done: (Finished & { at: number })[] = [];
  const warm = new Set<number>();
  let from = started;
  let next = 0;
  const worker = async (w: number): Promise<void> => {
    while (now() - started < seconds) {
      const rows = await ask(w, next++);
      if (now() - started >= seconds) return;
      done.push(...rows.map((row) => ({ ...row, at: now() })));
      warm.add(w);
      if (warm.size === nWorkers && from === started && now() - started < seconds / 2) from = now();
    }
  };
  // What is still asked for then counts for nothing, and may take long.
  await Promise.race([
    Promise.all(Array.from({ length: nWorkers }, (_, w) => worker(w))),
    sleep(seconds * 1000),
  ]);
  const counted = done.filter(({ at }) => at > from);
  return {
    rows: counted.map(({ row }) => row),
    tokens: counted.reduce((sum, { tokens }) => sum + tokens, 0),
    seconds: started + seconds - from,
  };
}

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

/** Largest resident memory of another process so far, in MB; NaN where the system does not tell it as Linux does. */
export function peakMemoryOf(pid: number): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes) / 1024;
  } catch {
    return NaN;
  }
}
