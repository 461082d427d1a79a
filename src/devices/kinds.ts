import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { readFileSync } from "node:fs";

/** What a command may be told to compute on. */
export const DEVICES = ["auto", "cpu", "cuda", "vulkan", "metal"] as const;
export type DeviceName = (typeof DEVICES)[number];
export type GpuKind = Exclude<DeviceName, "auto" | "cpu">;

/** The fastest first, as `auto` tries them. */
export const GPU_KINDS: readonly GpuKind[] = ["cuda", "metal", "vulkan"];

/** How each is called by people. */
export const KIND_NAMES: Record<GpuKind, string> = { cuda: "CUDA", vulkan: "Vulkan", metal: "Metal" };

const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", darwin: "mac", win32: "win" };
/** Backends that the npm packages of llama.cpp's release hold prebuilt, by system and processor. */
const PREBUILT: Record<string, readonly GpuKind[]> = {
  "linux-x64": ["cuda", "vulkan"],
  "win-x64": ["cuda", "vulkan"],
  "mac-arm64": ["metal"],
};

/** "linux-x64", as the packages name it. */
export function platformName(): string {
  return `${SYSTEMS[process.platform] ?? process.platform}-${process.arch}`;
}

/** The npm package with the backend for this machine; undefined where there is none. */
export function packageOf(kind: GpuKind): string | undefined {
  const platform = platformName();
  return PREBUILT[platform]?.includes(kind) ? `@node-llama-cpp/${platform}-${kind}` : undefined;
}

/** File name of a backend's library. */
export function libraryOf(kind: GpuKind): string {
  return process.platform === "win32" ? `ggml-${kind}.dll` : `libggml-${kind}.so`;
}

/** Where backends are installed for all projects: $XDG_CACHE_HOME/harmonic/backends, or ~/.cache/harmonic/backends. */
export function backendsFolder(): string {
  const xdg = process.env.XDG_CACHE_HOME;
  const root = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
  return join(root, "harmonic", "backends");
}

/** The one command that installs the backend of a kind for all projects. */
export function installCommand(kind: GpuKind): string | undefined {
  const name = packageOf(kind);
  if (name === undefined) return undefined;
  return `npm install --ignore-scripts --prefix ${backendsFolder()} ${name}@${pinnedVersion()}`;
}

/** The version of node-llama-cpp whose packages hold the release of llama.cpp that the addon is built from. */
function pinnedVersion(): string {
  const path = join(__dirname, "..", "..", "package.json");
  const { dependencies } = JSON.parse(readFileSync(path, "utf8")) as { dependencies: Record<string, string> };
  return dependencies["node-llama-cpp"]!;
}
