import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAddon } from "./native/load";

/** The version of this package: package.json is one level up from both src and dist. */
export function packageVersion(): string {
  const path = join(__dirname, "..", "package.json");
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** What a result may depend on beside its inputs and settings. */
export function versions(): Record<string, string> {
  return { harmonic: packageVersion(), node: process.versions.node, ...loadAddon().versions() };
}
