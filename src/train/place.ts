import { chooseDevice, placeOn } from "../devices/device";
import type { DeviceName } from "../devices/kinds";
import { HarmonicError } from "../errors";
import type { OpenTrainerOptions, TrainerHandle } from "../native/addon";
import { loadAddon } from "../native/load";

/**
 * Why a trainer with these options is not to be on its device though `auto` has taken that: a probe finds other losses or
 * gradients there than the processor's. Undefined where it can be; HARMONIC_DEVICE_CHECK=off leaves the probe out.
 * @throws E_NATIVE where the device was asked for by name
 */
export async function obstacleOnDevice(
  open: OpenTrainerOptions,
  wanted: DeviceName = "auto",
): Promise<string | undefined> {
  if (open.device === undefined || process.env.HARMONIC_DEVICE_CHECK === "off") return undefined;
  const obstacle = await loadAddon().trainingObstacle(open);
  if (obstacle === "") return undefined;
  const message = `${chooseDevice(wanted).description} is not to be trained on: ${obstacle}`;
  if (wanted === "auto") return message;
  throw new HarmonicError("E_NATIVE", message, {
    hint: "take --device cpu, or another backend or driver; HARMONIC_DEVICE_CHECK=off leaves this check out",
  });
}

/** Told where the processor computes in place of the device that `auto` has taken, and why. */
export type OnNote = (note: string) => void;

/** Opens a trainer on the device that is wanted; where `auto` takes one that is not to be trained on, on the processor. */
export async function openTrainerOn(
  wanted: DeviceName | undefined,
  open: Omit<OpenTrainerOptions, "device">,
  onNote?: OnNote,
): Promise<TrainerHandle> {
  const placed = { ...open, ...placeOn(wanted) };
  const obstacle = await obstacleOnDevice(placed, wanted);
  if (obstacle === undefined) return await loadAddon().openTrainer(placed);
  onNote?.(`computed on the CPU: ${obstacle}`);
  return await loadAddon().openTrainer(open);
}
