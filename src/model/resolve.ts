import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HarmonicError } from "../errors";
import { hashFile } from "../hash";
import type { StageControl } from "../progress";
import { didYouMean } from "../table/names";
import { modelCache } from "./cache";
import { fetchHubFile, parseHubFile } from "./hub";
import { findModel, MODELS } from "./registry";
import { AUTO_BASE, TABLE_BASE } from "./table-base";

/** A base model on this machine. */
export interface ResolvedBase {
  /** as the user wrote it */
  name: string;
  /** absolute path of the GGUF */
  path: string;
  /** of the file's bytes */
  sha256: string;
}

const GGUF_MAGIC = "GGUF";

/**
 * Finds the base model: a registered name, `hf:owner/repo/file.gguf`, or the path of a GGUF.
 * @throws E_MODEL where it is missing, not a GGUF, or not what its name promises
 */
export async function resolveBase(base: string, control: StageControl = {}): Promise<ResolvedBase> {
  const registered = findModel(base);
  if (registered !== undefined) {
    const path = join(modelCache(), registered.file);
    const hint = `harmonic model pull ${base}`;
    if (!(await isFile(path))) {
      throw new HarmonicError("E_MODEL", `the base model ${base} is not on this machine: expected ${path}`, {
        hint,
      });
    }
    const sha256 = await hashFile(path, control.signal);
    if (sha256 !== registered.sha256) {
      throw new HarmonicError(
        "E_MODEL",
        `${path} is not the model ${base}: expected SHA-256 ${registered.sha256}`,
        {
          hint: `${hint}, which replaces it`,
        },
      );
    }
    return { name: base, path, sha256 };
  }
  const path = base.startsWith("hf:") ? await fetchHubFile(parseHubFile(base), control) : resolve(base);
  await checkGguf(path, base);
  return { name: base, path, sha256: await hashFile(path, control.signal) };
}

async function checkGguf(path: string, base: string): Promise<void> {
  if (!(await isFile(path))) {
    const names = MODELS.map((model) => model.name);
    const known = [...names, TABLE_BASE, AUTO_BASE].filter((name) => name !== base);
    throw new HarmonicError("E_MODEL", `the base model ${base} does not exist${didYouMean(base, known)}`, {
      hint: `pass the path of a GGUF, hf:owner/repo/file.gguf, or one of: ${names.join(", ")}; to train: table or auto too`,
    });
  }
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(GGUF_MAGIC.length), 0, GGUF_MAGIC.length, 0);
    if (buffer.toString("latin1", 0, bytesRead) === GGUF_MAGIC) return;
  } finally {
    await file.close();
  }
  throw new HarmonicError("E_MODEL", `${path} is not a GGUF: expected it to begin with the bytes "GGUF"`, {
    hint: "pass a model in llama.cpp's GGUF format",
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}
