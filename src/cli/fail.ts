import { CommanderError } from "commander";
import { isHarmonicError } from "../errors";
import { fileError } from "../file-error";

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (!isHarmonicError(error)) return EXIT.failed;
  if (error.code === "E_ABORTED") return EXIT.interrupted;
  return error.code === "E_USAGE" ? EXIT.usage : EXIT.failed;
}

/**
 * What the user reads of an error: its message, and its hint where it has one; the stack with HARMONIC_DEBUG=1. Empty
 * for what commander has printed itself.
 */
export function describeError(thrown: unknown): string {
  if (thrown instanceof CommanderError) return "";
  const error = fileError(thrown);
  if (!(error instanceof Error) && !isHarmonicError(error)) return `error: ${String(error)}\n`;
  const lines = [`error: ${error.message}`];
  const hint = isHarmonicError(error)
    ? error.hint
    : "this is a fault of harmonic: set HARMONIC_DEBUG=1 to see where";
  if (hint) lines.push(`hint: ${hint}`);
  if (process.env.HARMONIC_DEBUG === "1" && error.stack) lines.push(error.stack);
  return lines.join("\n") + "\n";
}
