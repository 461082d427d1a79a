import { formatBytes } from "../bytes";
import { HarmonicError } from "../errors";
import type { DeviceInfo } from "../native/addon";
import { type Backend, isSoftware, missingParts, openBackend } from "./backend";
import { findBackend } from "./backend-file";
import { type DeviceName, GPU_KINDS, type GpuKind, KIND_NAMES } from "./kinds";

/** What a stage computes on. */
export interface Device {
  kind: "cpu" | GpuKind;
  /** ggml's name, as the addon takes it; absent: the processor */
  id?: string;
  /** of the hardware */
  description: string;
  /** bytes that were free when it was chosen; absent: the processor, or not known */
  memoryFree?: number;
  /** why `auto` has not taken a backend that is installed */
  note?: string;
}

/**
 * The device for a name; `auto` takes the fastest whose backend is installed and works, else the processor.
 * @throws E_NATIVE where the one asked for cannot be used, naming all that is missing
 */
export function chooseDevice(wanted: DeviceName = "auto"): Device {
  if (wanted === "cpu") return CPU;
  if (wanted === "auto") return fastest();
  const backend = openBackend(wanted);
  const found = bestOf(backend.devices);
  if (found !== undefined) return deviceOf(wanted, found);
  throw new HarmonicError(
    "E_NATIVE",
    `the device ${wanted} cannot be used on this machine: missing are ${missingParts(backend)}`,
    { hint: hintOf(backend) },
  );
}

/** The device as the addon's options take it: nothing where it is the processor. */
export function placeOn(wanted?: DeviceName): { device?: string } {
  const { id } = chooseDevice(wanted);
  return id === undefined ? {} : { device: id };
}

/** "device: cuda, NVIDIA H100 (CUDA0), 78.90 GB free" */
export function describeDevice({ kind, id, description, memoryFree, note }: Device): string {
  if (kind === "cpu") return `device: cpu${note === undefined ? "" : ` (${note})`}`;
  const free = memoryFree === undefined ? "" : `, ${formatBytes(memoryFree)} free`;
  return `device: ${kind}, ${description} (${id})${free}`;
}

const CPU: Device = { kind: "cpu", description: "the processor" };

function fastest(): Device {
  const notes: string[] = [];
  for (const kind of GPU_KINDS) {
    // What nobody has installed nobody misses.
    if (findBackend(kind) === undefined) continue;
    const backend = openBackend(kind);
    const found = bestOf(backend.devices.filter((device) => !isSoftware(device)));
    if (found !== undefined) return deviceOf(kind, found);
    if (backend.devices.length === 0) notes.push(`${KIND_NAMES[kind]} lacks ${missingParts(backend)}`);
  }
  return notes.length === 0 ? CPU : { ...CPU, note: notes.join("; ") };
}

/** A card before a part of the processor, then the one with the most memory free. */
function bestOf(devices: readonly DeviceInfo[]): DeviceInfo | undefined {
  const rank = ({ type }: DeviceInfo) => (type === "gpu" ? 0 : 1);
  return [...devices].sort((a, b) => rank(a) - rank(b) || b.memoryFree - a.memoryFree)[0];
}

function deviceOf(kind: GpuKind, { name, description, memoryFree }: DeviceInfo): Device {
  return { kind, id: name, description, ...(memoryFree > 0 && { memoryFree }) };
}

function hintOf({ parts }: Backend): string {
  const steps = parts.flatMap(({ found, install }) => (found || install === undefined ? [] : [install]));
  return [...steps, "harmonic doctor tells what this machine has"].join("; ");
}
