import { join } from "node:path";
import { runProcess } from "./process";

const BIN = join(__dirname, "..", "..", "bin", "harmonic.js");
const TIMEOUT_MS = 4 * 60 * 60_000;

/** What a command of ours told with --json, and the resident memory of its process in MB. */
export interface CommandRun {
  result: Record<string, number>;
  peakMemory: number;
  /** second by second */
  memory: number[];
}

/** Runs a command of ours in a process of its own. `argv` holds --json. */
export async function harmonic(argv: readonly string[]): Promise<CommandRun> {
  const watch = require.resolve("./memory.js");
  const stdout = await runProcess([process.execPath, "-r", watch, BIN, ...argv], {}, TIMEOUT_MS);
  const lines = stdout.trim().split("\n");
  const memory = JSON.parse(lines.pop()!) as Omit<CommandRun, "result">;
  return { result: JSON.parse(lines.join("\n")) as Record<string, number>, ...memory };
}
