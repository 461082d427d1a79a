import { existsSync } from "node:fs";
import { join } from "node:path";
import { isHarmonicError } from "../errors";
import type { DeviceInfo } from "../native/addon";
import { loadAddon } from "../native/load";
import { type BackendFile, findBackend, runtimeFolders } from "./backend-file";
import { backendsFolder, type GpuKind, installCommand, KIND_NAMES, packageOf, platformName } from "./kinds";

/** One of the things that a backend takes. */
export interface BackendPart {
  /** e.g. "NVIDIA driver" */
  name: string;
  found: boolean;
  /** where it is, or why it cannot be used */
  detail: string;
  /** what to do where it is missing */
  install?: string;
}

/** What a machine has of a backend. */
export interface Backend {
  kind: GpuKind;
  parts: BackendPart[];
  /** usable ones; empty unless every part was found */
  devices: DeviceInfo[];
}

/** ggml's names of the backends. */
const GGML_NAMES: Record<GpuKind, string> = { cuda: "CUDA", vulkan: "Vulkan", metal: "MTL" };

interface SystemLibrary {
  part: string;
  /** in the order in which they are to be loaded */
  files: readonly string[];
  install: string;
  /** whether they may come from pip's wheels */
  inWheels?: boolean;
}

/** What the prebuilt backends ask the system for, on Linux; elsewhere the system's loader tells. */
const SYSTEM_LIBRARIES: Record<GpuKind, () => readonly SystemLibrary[]> = {
  cuda: () => [
    {
      part: "NVIDIA driver",
      files: ["libcuda.so.1"],
      install: "install NVIDIA's driver, of release 580 or newer: https://www.nvidia.com/drivers",
    },
    {
      part: "CUDA 13 runtime",
      files: ["libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13"],
      install: `python3 -m pip install --no-deps --target ${backendsFolder()} nvidia-cuda-runtime nvidia-cublas`,
      inWheels: true,
    },
  ],
  vulkan: () => [
    {
      part: "Vulkan loader",
      files: ["libvulkan.so.1"],
      install: "apt-get install libvulkan1 mesa-vulkan-drivers, or the driver of the card's maker",
    },
  ],
  metal: () => [],
};

/** Looks for all that a backend takes and, where it is there, loads it; one that is loaded is taken as it is. */
export function openBackend(kind: GpuKind): Backend {
  const built = devicesOf(kind);
  if (built.length > 0) {
    const detail = built.map(({ description }) => description).join(", ");
    return { kind, parts: [{ name: `${KIND_NAMES[kind]} device`, found: true, detail }], devices: built };
  }
  const file = findBackend(kind);
  const parts = [packagePart(kind, file)];
  const needs: string[] = [];
  if (process.platform === "linux") {
    for (const library of SYSTEM_LIBRARIES[kind]()) parts.push(systemPart(library, needs));
  }
  if (file === undefined || parts.some(({ found }) => !found)) return { kind, parts, devices: [] };
  const devices: DeviceInfo[] = [];
  parts.push(devicePart(kind, file, needs, devices));
  return { kind, parts, devices };
}

/** What is missing, as the end of a sentence: "the NVIDIA driver (libcuda.so.1: cannot open ...)". */
export function missingParts({ parts }: Backend): string {
  return parts
    .filter(({ found }) => !found)
    .map(({ name, detail }) => `the ${name} (${detail})`)
    .join(", ");
}

/** A renderer on the processor: for tests, never faster than the CPU backend. */
export const isSoftware = ({ description }: DeviceInfo): boolean =>
  /llvmpipe|lavapipe|swiftshader/i.test(description);

function packagePart(kind: GpuKind, file: BackendFile | undefined): BackendPart {
  const name = `${KIND_NAMES[kind]} backend`;
  const install = installCommand(kind);
  const wanted = release();
  if (file === undefined) {
    const detail =
      install === undefined
        ? `none is made for ${platformName()}`
        : `the package ${packageOf(kind)} is not installed`;
    return { name, found: false, detail, ...(install !== undefined && { install }) };
  }
  if (file.release === wanted) return { name, found: true, detail: file.path };
  const detail =
    file.release === undefined
      ? `${file.path} does not say which release of llama.cpp it is of, expected ${wanted}`
      : `${file.path} is of llama.cpp ${file.release}, expected ${wanted}`;
  return { name, found: false, detail, ...(install !== undefined && { install }) };
}

function systemPart(library: SystemLibrary, needs: string[]): BackendPart {
  const { part: name, files, install, inWheels = false } = library;
  for (const file of files) {
    const path = inWheels
      ? runtimeFolders()
          .map((folder) => join(folder, file))
          .find((candidate) => existsSync(candidate))
      : undefined;
    const reason = loadAddon().libraryObstacle(path ?? file);
    if (reason !== "") return { name, found: false, detail: reason, install };
    if (path !== undefined) needs.push(path);
  }
  return { name, found: true, detail: needs.at(-1) ?? files.join(", ") };
}

function devicePart(kind: GpuKind, file: BackendFile, needs: string[], devices: DeviceInfo[]): BackendPart {
  const name = `${KIND_NAMES[kind]} device`;
  try {
    loadAddon().loadBackend(file.path, needs);
  } catch (error) {
    if (!isHarmonicError(error)) throw error;
    return { name, found: false, detail: error.message };
  }
  devices.push(...devicesOf(kind));
  if (devices.length > 0) {
    return { name, found: true, detail: devices.map(({ description }) => description).join(", ") };
  }
  const install =
    kind === "vulkan"
      ? "install the card's Vulkan driver; GGML_VK_VISIBLE_DEVICES=0 takes a renderer on the processor too"
      : undefined;
  return { name, found: false, detail: "its driver reports none", ...(install && { install }) };
}

/** Devices of a backend that is loaded. */
function devicesOf(kind: GpuKind): DeviceInfo[] {
  return loadAddon()
    .devices()
    .filter(({ backend }) => backend === GGML_NAMES[kind]);
}

/** Of llama.cpp, of which the addon is built. */
function release(): string {
  return loadAddon().versions().llama.split("-")[0]!;
}
