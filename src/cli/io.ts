import type { Readable, Writable } from "node:stream";

/** What the command line reads from and writes to, so that a test can stand in for the terminal. */
export interface Io {
  stdin: Readable;
  /** data and results */
  stdout: Writable;
  /** progress and messages */
  stderr: Writable & { isTTY?: boolean };
  /** fires at Ctrl-C */
  signal: AbortSignal;
}
