import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HarmonicError } from "../errors";
import type { Addon } from "./addon";

/** Where cmake-js puts the addon and the shared libraries that it loads: the same from src/native and dist/native. */
export const ADDON_FOLDER = join(__dirname, "..", "..", "build", "Release");
const ADDON_PATH = join(ADDON_FOLDER, "harmonic.node");

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
  tuneLibraries();
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
 * Settings that libraries of the addon read from the environment while they are loaded; what the user has set stays.
 * OpenBLAS falls back to SSE3 kernels on processors newer than itself, several times slower: it is told the nearest
 * family that it knows. OpenMP's threads wait for each other by spinning, which, where another program wants the core,
 * costs a whole time slice at each of a step's thousands of meetings: they spin for microseconds, then sleep.
 */
function tuneLibraries(): void {
  process.env["GOMP_SPINCOUNT"] ??= "1000";
  if (process.platform !== "linux" || process.arch !== "x64") return;
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(/\s+/) ?? [];
  const family = flags.includes("avx512dq") ? "SkylakeX" : flags.includes("avx2") ? "Haswell" : undefined;
  if (family !== undefined) process.env["OPENBLAS_CORETYPE"] ??= family;
}
