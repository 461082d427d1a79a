import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { hashFile } from "../hash";
import { FILES } from "../run/folder";
import { modelCache } from "./cache";
import { modelInfo } from "./info";
import { writeLora } from "./lora";
import { PEFT_FILES } from "./peft/config";
import { importPeft, type BaseShape } from "./peft/import";

/** Raised where the same PEFT folder converts to another file. */
const CONVERSION = 1;

/**
 * The GGUF of an adapter: the file itself, that of a run folder, or a conversion, kept in the cache folder, of a folder
 * that PEFT saved. `base` is the path of its base's GGUF.
 * @throws E_MODEL where there is no adapter, or it cannot be one of this base; E_IO
 */
export async function resolveAdapter(adapter: string, base: string): Promise<string> {
  return (await adapterFile(adapter)) ?? convertPeft(adapter, base);
}

/**
 * The GGUF that an adapter is: the file itself, or that of a run folder; undefined for a folder that PEFT saved.
 * @throws E_MODEL where there is no adapter
 */
export async function adapterFile(adapter: string): Promise<string | undefined> {
  const found = await stat(adapter).catch(() => undefined);
  if (found === undefined) {
    throw new HarmonicError("E_MODEL", `the adapter ${adapter} does not exist`, { hint: "check the path" });
  }
  if (!found.isDirectory()) return adapter;
  if (existsSync(join(adapter, PEFT_FILES.config))) return undefined;
  const trained = join(adapter, FILES.adapter);
  if (existsSync(trained)) return trained;
  throw new HarmonicError(
    "E_MODEL",
    `${adapter} holds no adapter: expected ${PEFT_FILES.config} (PEFT) or ${FILES.adapter} (a run folder) in it`,
    { hint: "give an adapter as GGUF, a folder that PEFT saved, or a run folder" },
  );
}

async function convertPeft(directory: string, base: string): Promise<string> {
  const { architecture, nHeads, nHeadsKv } = await modelInfo(base);
  const shape: BaseShape = { architecture, nHeads, nHeadsKv };
  const path = join(dirname(modelCache()), "adapters", `${await identityOf(directory, shape)}.gguf`);
  if (existsSync(path)) return path;
  const lora = await importPeft(directory, shape);
  await orFileError(mkdir(dirname(path), { recursive: true }), dirname(path));
  await writeLora(path, lora);
  return path;
}

/** What the converted file depends on. */
async function identityOf(directory: string, shape: BaseShape): Promise<string> {
  const weights = join(directory, PEFT_FILES.weights);
  const hash = createHash("sha256")
    .update(JSON.stringify([CONVERSION, shape]))
    .update(await readFile(join(directory, PEFT_FILES.config)));
  if (existsSync(weights)) hash.update(await hashFile(weights));
  return hash.digest("hex").slice(0, 32);
}
