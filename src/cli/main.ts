import { isClosedPipe } from "../file-error";
import { describeError, EXIT, exitCodeOf } from "./fail";
import type { Io } from "./io";
import { createProgram } from "./program";

/** Longest that an interrupted command may take to stop by itself. */
const GRACE_MS = 1500;

/** Runs one command line and returns its exit code. Prints errors; sets nothing of the process. */
export async function runCommand(argv: string[], io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (isClosedPipe(error)) return EXIT.done;
    // Whatever an interrupted stage ended with: the user asked for it.
    const code = io.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
    io.stderr.write(describeError(error));
    return code;
  }
}

/** The command `harmonic`: the one place that knows the process. */
export async function main(): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = () => {
    interrupt.abort();
    // All that a stage leaves is written whole or not at all, so the process can end anywhere.
    setTimeout(() => end(EXIT.interrupted), GRACE_MS).unref();
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  // The reader of the pipe has enough: `harmonic sample DIR --out - | head` is no error. The command ends by itself, once
  // what it has is safe.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    setTimeout(() => end(EXIT.done), GRACE_MS).unref();
  });
  process.exitCode = await runCommand(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupt.signal,
  });
}

/** Ends at once, without waiting for native work. */
function end(code: number): never {
  // eslint-disable-next-line no-restricted-properties -- the command line itself
  process.exit(code);
}
