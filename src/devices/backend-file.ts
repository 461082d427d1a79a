import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ADDON_FOLDER } from "../native/load";
import { backendsFolder, type GpuKind, libraryOf, packageOf } from "./kinds";

/** A backend's library on the disk. */
export interface BackendFile {
  path: string;
  /** release of llama.cpp that it was built from, e.g. "v0.5.0"; undefined where nothing beside it says so */
  release: string | undefined;
}

/** What node-llama-cpp's builds leave beside their libraries, and ours beside a backend that it built (cmake/cuda.cmake). */
const METADATA = "_nlcBuildMetadata.json";

/**
 * The first library of a kind, in $HARMONIC_BACKENDS_DIR, beside the addon, in the project's node_modules and the folder
 * for all projects.
 */
export function findBackend(kind: GpuKind): BackendFile | undefined {
  const library = libraryOf(kind);
  for (const folder of foldersOf(kind)) {
    const path = join(folder, library);
    if (existsSync(path)) return { path, release: releaseIn(folder) };
  }
  return undefined;
}

/** Folders besides the system's own in which libraries that a backend needs may lie, e.g. those of pip's wheels. */
export function runtimeFolders(): string[] {
  const folders: string[] = [];
  for (const root of roots()) {
    for (const part of entries(join(root, "nvidia"))) folders.push(join(root, "nvidia", part, "lib"));
  }
  return [...folders, "/usr/local/cuda/lib64"];
}

function roots(): string[] {
  const own = process.env.HARMONIC_BACKENDS_DIR;
  return [...(own === undefined || own === "" ? [] : [resolve(own)]), backendsFolder()];
}

function foldersOf(kind: GpuKind): string[] {
  const name = packageOf(kind);
  const [own, ...rest] = roots();
  const isGiven = rest.length > 0;
  const packages = [
    ...(isGiven ? [join(own!, "node_modules"), own!] : []),
    ...nodeModules(__dirname),
    ...nodeModules(process.cwd()),
    join(backendsFolder(), "node_modules"),
  ];
  const installed = name === undefined ? [] : packages.flatMap((folder) => binsOf(join(folder, name), name));
  return [...(isGiven ? [own!] : []), ADDON_FOLDER, ...installed];
}

/** The node_modules of a folder and of those above it. */
function nodeModules(folder: string): string[] {
  const above = dirname(folder);
  return [join(folder, "node_modules"), ...(above === folder ? [] : nodeModules(above))];
}

/** Where a package keeps its libraries; nothing where another package lies in its place. */
function binsOf(folder: string, name: string): string[] {
  const manifest = readJson(join(folder, "package.json")) as { name?: string } | undefined;
  if (manifest?.name !== name) return [];
  return entries(join(folder, "bins")).map((entry) => join(folder, "bins", entry));
}

function releaseIn(folder: string): string | undefined {
  const metadata = readJson(join(folder, METADATA)) as
    { buildOptions?: { llamaCpp?: { release?: string } } } | undefined;
  return metadata?.buildOptions?.llamaCpp?.release;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function entries(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}
