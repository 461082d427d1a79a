import { existsSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { type Backend, openBackend } from "../devices/backend";
import { findBackend } from "../devices/backend-file";
import { chooseDevice, type Device } from "../devices/device";
import { GPU_KINDS, packageOf, platformName } from "../devices/kinds";
import { modelCache } from "../model/cache";
import { MODELS } from "../model/registry";
import { loadAddon } from "../native/load";
import { versions } from "../version";

/** What a machine has of all that harmonic uses. */
export interface Diagnosis {
  versions: Record<string, string>;
  /** e.g. "linux-x64" */
  platform: string;
  cpu: {
    model: string;
    /** cores that this process may use */
    cores: number;
    /** instruction sets in use, e.g. "AVX2" */
    features: string[];
  };
  /** of the system, bytes */
  memory: { total: number; free: number };
  /** those that could be had on such a machine, or are there, the fastest first */
  backends: Backend[];
  /** GPUs that neighbours are searched on, of those that Faiss was built for */
  neighborGpus: number;
  /** what `--device auto` takes */
  device: Device;
  /** registered base models; path is null where one is not in the cache */
  models: { name: string; size: number; path: string | null }[];
}

/** Looks at the machine; backends that are installed are loaded. @throws E_NATIVE where the addon is not built */
export function diagnose(): Diagnosis {
  const addon = loadAddon();
  // Some lie there though no package has them for such a machine: those built here.
  const kinds = GPU_KINDS.filter((kind) => packageOf(kind) !== undefined || findBackend(kind) !== undefined);
  const backends = kinds.map(openBackend);
  return {
    versions: versions(),
    platform: platformName(),
    cpu: {
      model: cpus()[0]?.model.trim() ?? "unknown",
      cores: availableParallelism(),
      features: addon.cpuFeatures(),
    },
    memory: { total: totalmem(), free: freemem() },
    backends,
    neighborGpus: addon.neighborGpus(),
    device: chooseDevice("auto"),
    models: MODELS.map(({ name, size, file }) => {
      const path = join(modelCache(), file);
      return { name, size, path: existsSync(path) ? path : null };
    }),
  };
}
