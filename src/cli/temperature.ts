import { z } from "zod";
import { HarmonicError } from "../errors";
import type { SampleSettingsInput } from "../sample/settings";
import type { OptionSpec } from "./options";

const one = z.union([z.number(), z.string()]);
const many = z.union([one, z.array(one)]);
type Given = z.infer<typeof many>;

/** --temperature 0.9 --temperature income=1.1; in a file also [0.9, "income=1.1"]. */
export const temperatureSpec: OptionSpec<typeof many> = {
  flags: "--temperature <t>",
  description:
    "spread of the draws, 0 takes the likeliest; default 1. Again as COLUMN=t for one column of its own",
  expected: "a number, or a column and a number such as income=1.1",
  schema: many,
  repeated: true,
};

/** Options of a command as settings: what --temperature says, the general one and those of columns. */
export function withTemperatures<T extends { temperature?: Given }>(
  options: T,
): Omit<T, "temperature"> & Pick<SampleSettingsInput, "temperature" | "temperatures"> {
  const { temperature: given, ...rest } = options;
  if (given === undefined) return rest;
  const settings: Pick<SampleSettingsInput, "temperature" | "temperatures"> = {};
  for (const each of Array.isArray(given) ? given : [given]) {
    const [, name, value = ""] = /^(?:(.+)=)?([^=]+)$/s.exec(String(each)) ?? [];
    const temperature = value.trim() === "" ? NaN : Number(value);
    if (!(temperature >= 0 && temperature <= 100)) {
      throw new HarmonicError(
        "E_USAGE",
        `expected a number from 0 to 100, or a column and a number, for \`temperature\` but received "${each}"`,
        { hint: "for instance --temperature 0.9 --temperature income=1.1" },
      );
    }
    if (name === undefined) settings.temperature = temperature;
    else (settings.temperatures ??= {})[name] = temperature;
  }
  return { ...rest, ...settings };
}
