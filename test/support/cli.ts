import { PassThrough, Readable } from "node:stream";
import { runCommand } from "../../src/cli/main";

export interface CliResult {
  /** exit code */
  code: number;
  stdout: Buffer;
  stderr: string;
}

export interface CliOptions {
  signal?: AbortSignal;
  /** called with each piece of stderr, e.g. to interrupt at some message */
  onStderr?: (text: string) => void;
}

/** Runs a command line of harmonic in this process, as on a pipe. */
export async function harmonic(argv: string[], options: CliOptions = {}): Promise<CliResult> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const out: Buffer[] = [];
  let err = "";
  stdout.on("data", (data: Buffer) => out.push(data));
  stderr.on("data", (data: Buffer) => {
    err += data.toString();
    options.onStderr?.(data.toString());
  });
  const signal = options.signal ?? new AbortController().signal;
  const code = await runCommand(argv, { stdin: Readable.from([]), stdout, stderr, signal });
  return { code, stdout: Buffer.concat(out), stderr: err };
}
