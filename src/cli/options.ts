import { readFile } from "node:fs/promises";
import { Option, type Command } from "commander";
import { z } from "zod";
import { SIZE_PATTERN } from "../bytes";
import { HarmonicError } from "../errors";
import { fileError } from "../file-error";
import { didYouMean } from "../table/names";

/** One option of a command: how it is written, and what it may be. Its key is its name in a --config file too. */
export interface OptionSpec<T extends z.ZodType = z.ZodType> {
  flags: string;
  description: string;
  /** completes "expected ..." */
  expected: string;
  schema: T;
  /** value of an option that may stand without one: `--name [value]` */
  preset?: string;
  /** may be given several times */
  repeated?: boolean;
  /** heading of the options that it stands among in --help; absent: the general ones */
  group?: string;
}

export type OptionSpecs = Record<string, OptionSpec>;
export type OptionValues<S extends OptionSpecs> = { [K in keyof S]?: z.infer<S[K]["schema"]> };

export const text = (flags: string, description: string): OptionSpec<z.ZodString> => ({
  flags,
  description,
  expected: "a text",
  schema: z.string().min(1),
});

export const flag = (flags: string, description: string): OptionSpec<z.ZodBoolean> => ({
  flags,
  description,
  expected: "true or false",
  schema: z.boolean(),
});

export const integer = (
  flags: string,
  description: string,
  { min, max }: { min: number; max?: number },
): OptionSpec<z.ZodNumber> => ({
  flags,
  description,
  expected: max === undefined ? `an integer of at least ${min}` : `an integer from ${min} to ${max}`,
  schema: z
    .number()
    .int()
    .min(min)
    .max(max ?? Number.MAX_SAFE_INTEGER),
});

/** A number above `above`, or from `min` on, up to `max`. */
export const real = (
  flags: string,
  description: string,
  { above, min, max }: { above?: number; min?: number; max?: number },
): OptionSpec<z.ZodNumber> => {
  let schema = z.number();
  const bounds: string[] = [];
  if (above !== undefined) [schema] = [schema.gt(above), bounds.push(`above ${above}`)];
  if (min !== undefined) [schema] = [schema.min(min), bounds.push(`of at least ${min}`)];
  if (max !== undefined) [schema] = [schema.max(max), bounds.push(`of at most ${max}`)];
  return { flags, description, expected: `a number ${bounds.join(" and ")}`.trim(), schema };
};

/** A number from 0 to `max`. */
export const share = (flags: string, description: string, max = 1): OptionSpec<z.ZodNumber> =>
  real(flags, description, { min: 0, max });

/** An amount of memory: digits with a unit of 1000 or 1024, or bytes. */
export const size = (flags: string, description: string): OptionSpec<z.ZodString> => ({
  flags,
  description,
  expected: "a size such as 2GB, 1.5GiB or 900MB",
  schema: z.string().regex(SIZE_PATTERN),
});

export const choice = <const V extends readonly [string, ...string[]]>(
  flags: string,
  description: string,
  values: V,
) => ({
  flags,
  description: `${description} (${values.join(", ")})`,
  expected: `one of ${values.map((value) => `"${value}"`).join(", ")}`,
  schema: z.enum(values),
});

/** Several of some values: separated by commas on the command line, an array in a file. */
export const list = <const V extends readonly [string, ...string[]]>(
  flags: string,
  description: string,
  values: V,
) => ({
  flags,
  description: `${description} (${values.join(", ")})`,
  expected: `a list of ${values.map((value) => `"${value}"`).join(", ")}`,
  schema: z.array(z.enum(values)).min(1),
});

/** A text that may be given several times; an array in a file. */
export const texts = (flags: string, description: string): OptionSpec<z.ZodArray<z.ZodString>> => ({
  flags,
  description,
  expected: "an array of texts",
  schema: z.array(z.string().min(1)),
  repeated: true,
});

/** The same options under a heading of their own in --help. */
export const inGroup = <S extends OptionSpecs>(group: string, specs: S): S =>
  Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, { ...spec, group }])) as S;

/** Adds the options, and --config where `config` is true. */
export function addOptions(command: Command, specs: OptionSpecs, { config = false } = {}): Command {
  for (const spec of Object.values(specs)) {
    const option = new Option(spec.flags, spec.description);
    if (spec.group !== undefined) option.helpGroup(spec.group);
    if (spec.repeated) option.argParser((value, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(option);
  }
  if (config)
    command.option("--config <file>", "options as a JSON object; those given on the command line win");
  return command;
}

/** An option that a command cannot do without. @throws E_USAGE */
export function required<T>(value: T | undefined, what: string, hint: string): T {
  if (value !== undefined) return value;
  throw new HarmonicError("E_USAGE", `expected ${what} but received nothing`, { hint });
}

/** The options of some specs, without those that were not given. */
export function pick<T extends object, K extends object>(options: T, specs: K): Pick<T, keyof T & keyof K> {
  const entries = Object.entries(options).filter(([key, value]) => key in specs && value !== undefined);
  return Object.fromEntries(entries) as Pick<T, keyof T & keyof K>;
}

/**
 * The options of a command line, as commander gives them, over those of its --config file; checked.
 * @throws E_USAGE naming the option, E_INPUT for a config file that is no JSON object
 */
export async function readOptions<S extends OptionSpecs>(
  given: Record<string, unknown>,
  specs: S,
): Promise<OptionValues<S>> {
  const values: Record<string, unknown> = {};
  if (typeof given.config === "string") Object.assign(values, await readConfig(given.config, specs));
  for (const [key, spec] of Object.entries(specs)) {
    const option = new Option(spec.flags);
    const value = given[option.attributeName()];
    // A --no-x that is not given reads true.
    if (value !== undefined && !(option.negate && value === true))
      values[key] = check(key, spec, fromText(value === true ? (spec.preset ?? value) : value, spec));
  }
  return values as OptionValues<S>;
}

async function readConfig(path: string, specs: OptionSpecs): Promise<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw fileError(cause, path);
    throw new HarmonicError("E_INPUT", `${path} is not JSON: ${cause.message}`, { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new HarmonicError("E_INPUT", `${path}: expected a JSON object of options`, {
      hint: 'for instance { "seed": 7, "epochs": 4 }',
    });
  }
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) {
    const spec = specs[key];
    if (spec === undefined) {
      const known = Object.keys(specs);
      throw new HarmonicError("E_USAGE", `${path}: unknown option \`${key}\`${didYouMean(key, known)}`, {
        hint: `its options are: ${known.join(", ")}`,
      });
    }
    values[key] = check(key, spec, value, `${path}: `);
  }
  return values;
}

function check(key: string, spec: OptionSpec, value: unknown, place = ""): unknown {
  const parsed = spec.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const shown = `${JSON.stringify(value)} of type ${Array.isArray(value) ? "array" : typeof value}`;
  throw new HarmonicError(
    "E_USAGE",
    `${place}expected ${spec.expected} for \`${key}\` but received ${shown}`,
    {
      hint: "add --help for what each option takes",
    },
  );
}

/** Command lines have only text: a list where a list is wanted, a number where one is wanted and the text is one. */
function fromText(value: unknown, spec: OptionSpec): unknown {
  if (typeof value !== "string") return value;
  if (spec.schema instanceof z.ZodArray) return value.split(",").map((part) => part.trim());
  if (!(spec.schema instanceof z.ZodNumber)) return value;
  return value.trim() !== "" && Number.isFinite(Number(value)) ? Number(value) : value;
}
