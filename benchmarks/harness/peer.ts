import { runProcess } from "./process";

const TIMEOUT_MS = 4 * 60 * 60_000;

/** A peer in Python, as a trial of it is told. */
export interface Peer {
  python: string;
  /** name of a function in the script */
  peer: string;
  /** what it is told beside the tables */
  settings: Record<string, number>;
}

/**
 * What a script of a peer printed in its last line, a JSON object.
 * @param told given to the script as its one argument, in JSON
 * @param threads those of its arithmetic
 */
export async function runPeer<T>(python: string, script: string, told: object, threads: number): Promise<T> {
  const n = String(threads);
  const env = { OMP_NUM_THREADS: n, MKL_NUM_THREADS: n, OPENBLAS_NUM_THREADS: n, HF_HUB_OFFLINE: "1" };
  const stdout = await runProcess([python, script, JSON.stringify(told)], env, TIMEOUT_MS);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as T;
}
