import { existsSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ResolvedBase } from "../../src/model/resolve";
import { benchmarkCache } from "./cache";
import { runProcess } from "./process";

/** The base as folders that transformers loads, `f32` and `bf16`, with its tokenizer; made once for a base. */
export async function convertBase(python: string, base: ResolvedBase): Promise<string> {
  const folder = benchmarkCache(`base-${base.sha256.slice(0, 12)}`);
  const complete = join(folder, "complete-with-tokenizer");
  if (!existsSync(complete)) {
    console.error(`-- converting ${base.name} for the peers`);
    await mkdir(folder, { recursive: true });
    await runProcess([python, join(__dirname, "convert-base.py"), base.path, folder]);
    writeFileSync(complete, base.sha256);
  }
  return folder;
}
