import { HarmonicError } from "./errors";

const REASONS: Record<string, [reason: string, hint: string]> = {
  ENOSPC: [
    "the disk is full",
    "free some space and run the same command again: it goes on from where it stopped",
  ],
  EDQUOT: ["the disk quota is used up", "free some space and run the same command again"],
  EFBIG: ["the file grew larger than is allowed", "raise the limit (ulimit -f) or free some space"],
  EACCES: ["permission denied", "check the permissions of the file and its folder"],
  EPERM: ["permission denied", "check the permissions of the file and its folder"],
  EROFS: ["the file system is read-only", "choose another folder"],
  ENOENT: ["no such file or folder", "check the path"],
  ENOTDIR: ["a part of the path is no folder", "check the path"],
  EISDIR: ["it is a folder", "give the path of a file"],
  EMFILE: ["too many open files", "raise the limit (ulimit -n)"],
};

/**
 * What the operating system said about a file, as an E_IO that a user can read. Any other error comes back as it is.
 * `path` is what the user knows it by; default: the path that failed.
 */
export function fileError(cause: unknown, path?: string): unknown {
  if (typeof cause !== "object" || cause === null) return cause;
  const { code, path: failed } = cause as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : REASONS[code];
  if (known === undefined) return cause;
  const name = path ?? failed ?? "a file";
  return new HarmonicError("E_IO", `${name}: ${known[0]}`, { hint: known[1], cause });
}

/** What a call of the file system comes to; where it fails, fileError of that. */
export async function orFileError<T>(call: Promise<T>, path: string): Promise<T> {
  return await call.catch((cause: unknown) => {
    throw fileError(cause, path);
  });
}

/** True where whoever read from a pipe of ours has ended. */
export function isClosedPipe(error: unknown): boolean {
  for (let each = error; typeof each === "object" && each !== null; each = (each as Error).cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE") return true;
  }
  return false;
}
