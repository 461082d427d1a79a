/** Stable codes of every error a user can meet; branch on these, never on messages. */
export type ErrorCode =
  | "E_USAGE" // a wrong option or argument: exit code 2
  | "E_INPUT" // a table, file or value that cannot be used
  | "E_MODEL" // a base model or adapter that cannot be used
  | "E_RUN" // a run folder that cannot be used
  | "E_IO" // the disk, a pipe or the network
  | "E_NATIVE" // the addon is missing or failed
  | "E_ABORTED"; // interrupted by the user: exit code 130

export interface ErrorDetails {
  /** What the user can do about it, in one sentence. */
  hint?: string;
  cause?: unknown;
}

/**
 * The one error type of the library. `message` names the file, row, column or option and what was
 * expected; `hint` says how to fix it.
 */
export class HarmonicError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "HarmonicError";
    this.code = code;
    this.hint = details.hint;
  }
}

/** True for a HarmonicError, also one made in another realm (a worker, a jest sandbox) or by the addon. */
export function isHarmonicError(error: unknown): error is HarmonicError {
  return (
    typeof error === "object" &&
    error !== null &&
    typeof (error as HarmonicError).code === "string" &&
    /^E_(USAGE|INPUT|MODEL|RUN|IO|NATIVE|ABORTED)$/.test((error as HarmonicError).code)
  );
}

/** The error of an operation that an AbortSignal ended. */
export function aborted(what: string): HarmonicError {
  return new HarmonicError("E_ABORTED", `${what} was interrupted`, {
    hint: "run the same command again to go on from where it stopped",
  });
}
