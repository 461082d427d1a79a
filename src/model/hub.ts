import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { downloadFile, fileDownloadInfo } from "@huggingface/hub";
import { HarmonicError, isHarmonicError } from "../errors";
import { throwIfAborted, type StageControl } from "../progress";
import { modelCache } from "./cache";

/** A file of a repository on the Hugging Face hub, or on a server of the same interface ($HF_ENDPOINT). */
export interface HubFile {
  /** "owner/name" */
  repo: string;
  /** path inside the repository */
  file: string;
  /** branch, tag or commit */
  revision: string;
}

/** Parses `hf:owner/repo/file.gguf` or `hf:owner/repo/file.gguf@revision`. @throws E_USAGE */
export function parseHubFile(base: string): HubFile {
  const match = /^hf:([\w.-]+\/[\w.-]+)\/([^@]+?)(?:@([\w./-]+))?$/.exec(base);
  const [, repo, file, revision] = match ?? [];
  if (
    repo === undefined ||
    file === undefined ||
    file.split("/").some((part) => part === ".." || part === "")
  ) {
    throw new HarmonicError("E_USAGE", `expected hf:owner/repo/file.gguf for \`base\` but received ${base}`, {
      hint: "for instance hf:HuggingFaceTB/SmolLM2-135M-Instruct-GGUF/smollm2-135m-instruct-q8_0.gguf",
    });
  }
  return { repo, file, revision: revision ?? "main" };
}

/**
 * The file's path in the cache folder, downloaded at the first call. HF_ENDPOINT and HF_TOKEN are honoured.
 * @throws E_IO where it cannot be fetched
 */
export async function fetchHubFile(wanted: HubFile, control: StageControl = {}): Promise<string> {
  const path = join(modelCache(), "hf", wanted.repo, wanted.revision, wanted.file);
  if (existsSync(path)) return path;
  const name = `hf:${wanted.repo}/${wanted.file}`;
  const endpoint = process.env.HF_ENDPOINT?.replace(/\/+$/, "");
  const token = process.env.HF_TOKEN;
  const request = {
    repo: wanted.repo,
    path: wanted.file,
    revision: wanted.revision,
    ...(endpoint ? { hubUrl: endpoint } : {}),
    ...(token ? { accessToken: token } : {}),
    fetch: (input: string | URL | Request, init?: RequestInit) =>
      fetch(input, control.signal === undefined ? init : { ...init, signal: control.signal }),
  };
  const partial = `${path}.partial-${process.pid}`;
  try {
    const info = await fileDownloadInfo(request);
    const blob = info && (await downloadFile({ ...request, downloadInfo: info }));
    if (!info || !blob) {
      throw new HarmonicError("E_IO", `${name} does not exist at revision ${wanted.revision}`, {
        hint: "check the owner, the repository and the file name",
      });
    }
    await mkdir(dirname(path), { recursive: true });
    await writeBlob(blob, partial, info.size, name, control);
    await rename(partial, path);
    return path;
  } catch (cause) {
    throwIfAborted(control.signal, `the download of ${name}`);
    if (isHarmonicError(cause)) throw cause;
    throw new HarmonicError("E_IO", `${name} cannot be downloaded: ${reasonOf(cause)}`, {
      hint: "check the network, HF_ENDPOINT and HF_TOKEN, or pass --base PATH with a GGUF that you have",
      cause,
    });
  } finally {
    await rm(partial, { force: true });
  }
}

async function writeBlob(
  blob: Blob,
  path: string,
  size: number,
  name: string,
  control: StageControl,
): Promise<void> {
  const file = await open(path, "w");
  let done = 0;
  try {
    for await (const part of blob.stream() as unknown as AsyncIterable<Uint8Array>) {
      throwIfAborted(control.signal, `the download of ${name}`);
      await file.writeFile(part);
      done += part.byteLength;
      control.onProgress?.({ stage: "pull", done, total: size, unit: "bytes" });
    }
  } finally {
    await file.close();
  }
  if (done !== size) {
    throw new HarmonicError(
      "E_IO",
      `the download of ${name} ended early: expected ${size} bytes, received ${done}`,
      {
        hint: "run the same command again",
      },
    );
  }
}

/** fetch() says only "fetch failed"; what went wrong is in its cause. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}
