import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** Folder of downloaded models: $XDG_CACHE_HOME/harmonic/models, or ~/.cache/harmonic/models. */
export function modelCache(): string {
  // The XDG specification: a relative path is to be ignored.
  const xdg = process.env.XDG_CACHE_HOME;
  const root = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
  return join(root, "harmonic", "models");
}
