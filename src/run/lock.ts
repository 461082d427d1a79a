import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HarmonicError } from "../errors";
import { fileError } from "../file-error";

const NAME = ".lock";

/** Locks of this process, which tells its own from those of an earlier one that had its id. */
const held = new Set<string>();

/**
 * Keeps other processes out of a run folder until it is released. A lock whose process is gone counts for nothing, and
 * what that process has left half written is removed.
 * @throws E_RUN where another process has it
 */
export async function lockFolder(directory: string): Promise<() => Promise<void>> {
  const path = resolve(directory, NAME);
  for (;;) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: "wx" });
      held.add(path);
      await removePartials(directory);
      return async () => {
        if (held.delete(path)) await rm(path, { force: true });
      };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(cause, directory);
    }
    const pid = Number(await readFile(path, "utf8").catch(() => ""));
    if (held.has(path) || (pid !== process.pid && isAlive(pid))) {
      throw new HarmonicError("E_RUN", `${directory} is in use by process ${pid}`, {
        hint: "wait until it ends, or choose another folder",
      });
    }
    await rm(path, { force: true });
  }
}

async function removePartials(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /\.partial(-\d+)?$/.test(name));
  for (const name of names) await rm(join(directory, name), { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
