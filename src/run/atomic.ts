import { open, rename, rm } from "node:fs/promises";
import { fileError } from "../file-error";

/**
 * Writes a file whole or not at all: under another name beside it, then renamed. `write` gets that name.
 * @throws E_IO where the disk is full or the folder cannot be written
 */
export async function replaceFile(
  path: string,
  write: (partial: string) => Promise<void>,
  partial = `${path}.partial-${process.pid}`,
): Promise<void> {
  try {
    await write(partial);
    await rename(partial, path);
  } catch (cause) {
    throw fileError(cause, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** `replaceFile` with text or bytes, which is on the disk before the name is. */
export async function writeText(path: string, text: string | Uint8Array): Promise<void> {
  await replaceFile(path, async (partial) => {
    const file = await open(partial, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}
