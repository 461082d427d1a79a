import { formatBytes } from "../bytes";
import { KIND_NAMES } from "../devices/kinds";
import { describeDevice } from "../devices/device";
import type { BackendPart } from "../devices/backend";
import type { Diagnosis } from "./diagnose";

/**
 * One line a fact, "ok" or "--" before what can be missing, and under what is missing how to get it:
 *
 *     CUDA
 *       ok  NVIDIA driver: libcuda.so.1
 *       --  CUDA 13 runtime: libcudart.so.13: cannot open shared object file
 *           python3 -m pip install ...
 */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const { versions, platform, cpu, memory, backends, neighborGpus, device, models } = diagnosis;
  const lines = [
    ...Object.entries(versions).map(([name, version]) => `${name.padEnd(10)} ${version}`),
    `${"platform".padEnd(10)} ${platform}`,
    "",
    `CPU        ${cpu.model}, ${cpu.cores} ${cpu.cores === 1 ? "core" : "cores"}`,
    `           ${cpu.features.join(" ")}`,
    `memory     ${formatBytes(memory.free)} free of ${formatBytes(memory.total)}`,
    `neighbours ${neighborGpus > 0 ? `${neighborGpus} GPU` : "CPU (Faiss without its GPU part: build with HARMONIC_FAISS_GPU)"}`,
    ...backends.flatMap(({ kind, parts }) => ["", KIND_NAMES[kind], ...parts.flatMap(formatPart)]),
    "",
    "models",
    ...models.flatMap(({ name, size, path }) =>
      formatPart({
        name,
        found: path !== null,
        detail: path ?? `not here, ${formatBytes(size)}`,
        ...(path === null && { install: `harmonic model pull ${name}` }),
      }),
    ),
    "",
    describeDevice(device),
  ];
  return lines.map((line) => line + "\n").join("");
}

function formatPart({ name, found, detail, install }: BackendPart): string[] {
  const line = `  ${found ? "ok" : "--"}  ${name}: ${detail}`;
  return found || install === undefined ? [line] : [line, `      ${install}`];
}
