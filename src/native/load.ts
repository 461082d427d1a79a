import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HarmonicError } from "../errors";
import type { Addon } from "./addon";

/** Where cmake-js puts the addon and the shared libraries that it loads: the same from src/native and dist/native. */
const ADDON_PATH = join(__dirname, "..", "..", "build", "Release", "harmonic.node");

let loaded: Addon | undefined;

/**
 * The addon, with ggml's backends ready: loaded at the first call, the same object after. The logs of ggml and
 * llama.cpp are kept back; set HARMONIC_DEBUG=1 to see them on stderr.
 * @throws E_NATIVE where it is not built, or was built for another machine
 */
export function loadAddon(): Addon {
  loaded ??= open(ADDON_PATH);
  return loaded;
}

function open(path: string): Addon {
  if (!existsSync(path)) {
    throw new HarmonicError("E_NATIVE", `the native addon is missing: expected ${path}`, {
      hint: "npm run setup",
    });
  }
  chooseBlasKernels();
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the addon is no module that tsc could resolve
    const addon = require(path) as Addon;
    addon.loadBackends(dirname(path));
    return addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new HarmonicError("E_NATIVE", `the native addon ${path} cannot be loaded: ${reason}`, {
      hint: "npm run setup, which builds it again",
      cause,
    });
  }
}

/**
 * OpenBLAS falls back to SSE3 kernels on processors newer than itself, which makes its products several times slower: it
 * is told the nearest family that it knows. It reads the variable while it is loaded, so this comes first.
 */
function chooseBlasKernels(): void {
  if (process.env["OPENBLAS_CORETYPE"] !== undefined || process.platform !== "linux" || process.arch !== "x64") return;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(/\s+/) ?? [];
  if (flags.includes("avx512f") && flags.includes("avx512dq")) process.env["OPENBLAS_CORETYPE"] = "SkylakeX";
  else if (flags.includes("avx2")) process.env["OPENBLAS_CORETYPE"] = "Haswell";
}
