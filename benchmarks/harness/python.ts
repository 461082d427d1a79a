import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { benchmarkCache } from "./cache";
import { runProcess } from "./process";

/** What the peers in Python need, for all benchmarks at once: PyTorch with CUDA is too large to have it twice. */
export const PYTHON_PEERS = [
  "torch==2.9.1",
  "transformers==4.57.6",
  "peft==0.18.0",
  "accelerate==1.15.0",
  "be_great==0.0.14",
  "realtabformer==0.2.4",
  "shapely==2.2.0",
  "datasets==5.0.1",
  "pandas==3.1.1",
  "scikit-learn==1.9.1",
  "gguf==0.17.1",
  "numpy==2.4.6",
  "safetensors==0.8.0",
];

/** PyTorch is gigabytes where the index has it with CUDA alone. */
const INSTALL_TIMEOUT_MS = 60 * 60_000;

/**
 * The Python of an environment that holds these packages, made where it is not there yet; the same list, the same
 * environment. HARMONIC_BENCH_VENV names one to use as it is instead.
 * @param requirements pinned, e.g. "torch==2.9.1"
 */
export async function pythonWith(requirements: readonly string[]): Promise<string> {
  const given = process.env["HARMONIC_BENCH_VENV"];
  if (given) return pythonOf(given);
  const key = createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 12);
  const folder = benchmarkCache(`python-${key}`);
  const complete = join(folder, "complete");
  if (!existsSync(complete)) {
    console.error(`-- installing ${requirements.join(" ")} into ${folder}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await runProcess(["python3", "-m", "venv", folder]);
    const pip = [pythonOf(folder), "-m", "pip", "install", "--quiet", "--no-cache-dir"];
    await runProcess([...pip, ...requirements], {}, INSTALL_TIMEOUT_MS);
    writeFileSync(complete, requirements.join("\n"));
  }
  return pythonOf(folder);
}

const pythonOf = (folder: string): string => join(folder, "bin", "python");
