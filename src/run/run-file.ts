import { z } from "zod";
import { isTableBase } from "../model/table-base";

/** The stages of a run, in order. */
export const STAGES = ["split", "preprocess", "train", "sample", "evaluate"] as const;
export type Stage = (typeof STAGES)[number];

const plain = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number()])),
  z.record(z.string(), z.number()),
]);

const hashed = z.strictObject({
  /** as the user wrote it */
  name: z.string(),
  sha256: z.string(),
});

/** run.json: what a run folder was made from, with what settings, and how far it is. */
export const runFileSchema = z.strictObject({
  /** raised where the layout of the folder changes */
  format: z.literal(1),
  /** what the rows are, from the table's file name */
  name: z.string(),
  /** the user's files, by role: table, train, test, holdout, schema */
  inputs: z.record(z.string(), hashed),
  base: hashed.extend({ path: z.string() }).optional(),
  seed: z.number().int(),
  /** by stage; whatever changes what the stage gives */
  settings: z.partialRecord(z.enum(STAGES), z.record(z.string(), plain)),
  /** of harmonic, its addon and libraries, when the folder was made */
  versions: z.record(z.string(), z.string()),
  stages: z.partialRecord(
    z.enum(STAGES),
    z.strictObject({
      state: z.enum(["started", "done"]),
      /** files that the stage left in the folder */
      outputs: z.array(z.string()),
      /** figures that the stage gave, for the summary */
      result: z.record(z.string(), plain).optional(),
    }),
  ),
});

export type RunFile = z.infer<typeof runFileSchema>;
export type PlainSettings = Record<string, z.infer<typeof plain>>;

/** The run.json of a folder in which nothing has been done yet. */
export function newRunFile(
  parts: Pick<RunFile, "name" | "inputs" | "seed" | "versions"> & Partial<RunFile>,
): RunFile {
  return { format: 1, settings: {}, stages: {}, ...parts };
}

/** What makes two runs the same: all that decides their results. */
export type RunIdentity = Pick<RunFile, "inputs" | "base" | "seed" | "settings">;

/** The first difference in words, "`seed` is 1 there but 2 here"; undefined where there is none. */
export function difference(there: RunIdentity, here: RunIdentity): string | undefined {
  for (const role of new Set([...Object.keys(there.inputs), ...Object.keys(here.inputs)])) {
    const [a, b] = [there.inputs[role], here.inputs[role]];
    if (a?.sha256 === b?.sha256) continue;
    if (a === undefined) return `it was made without \`${role}\` ${b?.name}`;
    if (b === undefined) return `it was made with \`${role}\` ${a.name}`;
    return a.name === b.name
      ? `\`${role}\` ${a.name} has other contents now`
      : `\`${role}\` is ${a.name} there but ${b.name} here`;
  }
  if (there.base !== undefined && here.base !== undefined && there.base.sha256 !== here.base.sha256) {
    return `\`base\` is ${there.base.name} there but ${here.base.name} here`;
  }
  if (there.seed !== here.seed) return `\`seed\` is ${there.seed} there but ${here.seed} here`;
  for (const stage of STAGES) {
    const [a, b] = [there.settings[stage], here.settings[stage]];
    if (a === undefined || b === undefined) continue;
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const [x, y] = [JSON.stringify(a[key] ?? null), JSON.stringify(b[key] ?? null)];
      if (x !== y) return `\`${stage}.${key}\` is ${x} there but ${y} here`;
    }
  }
  return undefined;
}

/** Everything that makes the result again, by name: inputs, base, seed, settings, versions. */
export function flatSettings(run: RunFile): Record<string, string | number | boolean | null> {
  const flat: Record<string, string | number | boolean | null> = {};
  for (const [role, { name, sha256 }] of Object.entries(run.inputs))
    flat[role] = `${name} (SHA-256 ${sha256})`;
  if (run.base !== undefined) {
    flat.base = isTableBase(run.base) ? run.base.name : `${run.base.name} (SHA-256 ${run.base.sha256})`;
  }
  flat.seed = run.seed;
  for (const [stage, settings] of Object.entries(run.settings)) {
    for (const [key, value] of Object.entries(settings)) {
      flat[`${stage}.${key}`] = flatValue(value);
    }
  }
  for (const [name, version] of Object.entries(run.versions)) flat[`version of ${name}`] = version;
  return flat;
}

function flatValue(value: PlainSettings[string]): string | number | boolean | null {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.join(",");
  return Object.entries(value)
    .map(([name, number]) => `${name}=${number}`)
    .join(",");
}
