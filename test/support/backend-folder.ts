import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GpuKind, libraryOf, packageOf } from "../../src/devices/kinds";

/** A folder with a package that holds what looks like a backend; returns the library's path. */
export function writeBackendPackage(
  root: string,
  kind: GpuKind,
  { release, name = packageOf(kind)! }: { release?: string; name?: string } = {},
): string {
  const folder = join(root, "node_modules", packageOf(kind)!);
  const bins = join(folder, "bins", "here");
  mkdirSync(bins, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name }));
  const path = join(bins, libraryOf(kind));
  writeFileSync(path, "no library");
  if (release !== undefined) {
    writeFileSync(
      join(bins, "_nlcBuildMetadata.json"),
      JSON.stringify({ buildOptions: { llamaCpp: { release } } }),
    );
  }
  return path;
}
