import { chooseDevice, describeDevice } from "../devices/device";
import { DEVICES, type DeviceName } from "../devices/kinds";
import { choice } from "./options";
import type { ProgressView } from "./progress";

export const DEVICE_SPECS = {
  device: choice(
    "--device <name>",
    "what the model is computed on; default auto: the fastest that works here",
    DEVICES,
  ),
};

/** Looks for the device before any work, and says which it is where there is a choice. @throws E_NATIVE */
export function checkDevice(wanted: DeviceName | undefined, view: ProgressView): void {
  const device = chooseDevice(wanted);
  if (wanted !== undefined || device.kind !== "cpu" || device.note !== undefined) {
    view.say(describeDevice(device));
  }
}
