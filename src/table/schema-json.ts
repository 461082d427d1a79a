import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HarmonicError } from "../errors";
import { didYouMean } from "./names";
import { MAX_DIGITS } from "./number";
import type { Field, TableSchema } from "./schema";

const base = {
  name: z.string().min(1),
  title: z.string().optional(),
  description: z.string().optional(),
  missingValues: z.array(z.string()).optional(),
};

const category = z.object({
  ...base,
  type: z.enum(["string", "boolean"]),
  constraints: z.object({ required: z.boolean().default(true), enum: z.array(z.string().min(1)) }),
});

const number = z.object({
  ...base,
  type: z.enum(["integer", "number"]),
  constraints: z.object({ required: z.boolean().default(true), minimum: z.number(), maximum: z.number() }),
  numberFormat: z
    .object({
      decimals: z.number().int().min(0).max(300),
      minDecimals: z.number().int().min(0).max(300).default(0),
    })
    .optional(),
});

const table = z.object({
  fields: z.array(z.discriminatedUnion("type", [category, number])).min(1),
  missingValues: z.array(z.string()).optional(),
  target: z.string().optional(),
});

/**
 * Checks a Frictionless Table Schema and completes it: a field without missingValues has the table's, one that is
 * not required has at least the empty cell. Throws E_INPUT naming the entry, e.g. `fields[3].constraints.minimum`.
 */
export function parseSchema(json: unknown, path = "the schema"): TableSchema {
  const parsed = table.safeParse(json);
  if (!parsed.success) {
    const { message, at } = firstIssue(parsed.error.issues, json);
    throw bad(path, `${message} for \`${at}\``);
  }
  const { target } = parsed.data;
  const fields = parsed.data.fields.map((field, i): Field =>
    complete(field, i, parsed.data.missingValues, path),
  );
  const names = fields.map((field) => field.name);
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i) throw bad(path, `two fields are named "${name}"`);
  });
  if (target !== undefined && !names.includes(target)) {
    throw bad(
      path,
      `expected the name of a field for \`target\` but received "${target}"${didYouMean(target, names)}`,
    );
  }
  return target === undefined ? { fields } : { fields, target };
}

/** The schema as the text of a JSON file. */
export function schemaToJson(schema: TableSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Reads a schema file. */
export async function loadSchema(path: string): Promise<TableSchema> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const what = error instanceof SyntaxError ? "is not JSON" : "cannot be read";
    throw new HarmonicError("E_INPUT", `${path} ${what}: ${(error as Error).message}`, {
      hint: "harmonic schema TABLE writes a schema to start from",
      cause: error,
    });
  }
  return parseSchema(json, path);
}

function complete(
  field: z.infer<typeof table>["fields"][number],
  i: number,
  missingOfTable: string[] | undefined,
  path: string,
): Field {
  const { required } = field.constraints;
  const given = field.missingValues ?? missingOfTable ?? [];
  const missingValues = required || given.length > 0 ? given : [""];
  const shared = {
    name: field.name,
    ...(field.description === undefined ? {} : { description: field.description }),
    missingValues,
  };
  if (isCategory(field)) {
    const { enum: values } = field.constraints;
    const twice = values.find((value, j) => values.indexOf(value) !== j);
    if (twice !== undefined) throw bad(path, `\`fields[${i}].constraints.enum\` has "${twice}" twice`);
    if (values.length === 0 && required) {
      throw bad(
        path,
        `expected at least one value for \`fields[${i}].constraints.enum\` of a required field`,
      );
    }
    return { ...shared, type: field.type, constraints: { required, enum: values } };
  }
  const { minimum, maximum } = field.constraints;
  if (minimum > maximum) {
    throw bad(
      path,
      `expected \`fields[${i}].constraints.minimum\` (${minimum}) to be at most the maximum (${maximum})`,
    );
  }
  const numberFormat =
    field.numberFormat ?? (field.type === "integer" ? { decimals: 0, minDecimals: 0 } : undefined);
  if (!numberFormat) {
    throw bad(
      path,
      `\`fields[${i}].numberFormat\` is missing: expected { "decimals": digits after the point }`,
    );
  }
  const largest = Math.max(Math.abs(minimum), Math.abs(maximum)) * 10 ** numberFormat.decimals;
  if (largest >= 10 ** MAX_DIGITS) {
    throw bad(
      path,
      `\`fields[${i}]\` needs more than ${MAX_DIGITS} digits: expected a smaller range or fewer decimals`,
    );
  }
  return { ...shared, type: field.type, constraints: { required, minimum, maximum }, numberFormat };
}

function isCategory(
  field: z.infer<typeof category> | z.infer<typeof number>,
): field is z.infer<typeof category> {
  return field.type === "string" || field.type === "boolean";
}

function bad(path: string, message: string): HarmonicError {
  return new HarmonicError("E_INPUT", `${path}: ${message}`, {
    hint: "harmonic schema TABLE writes a whole schema to start from",
  });
}

function firstIssue(issues: readonly z.core.$ZodIssue[], json: unknown): { message: string; at: string } {
  const issue = issues[0]!;
  const at = issue.path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  );
  const value = issue.path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    json,
  );
  const shown =
    value === undefined ? "nothing" : `${JSON.stringify(value).slice(0, 60)} of type ${typeOf(value)}`;
  return { message: `expected ${expectation(issue)} but received ${shown}`, at: at === "" ? "schema" : at };
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected;
    case "invalid_union":
      return 'one of "string", "boolean", "integer", "number"';
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return `at least ${String(issue.minimum)} (${issue.origin})`;
    case "too_big":
      return `at most ${String(issue.maximum)} (${issue.origin})`;
    default:
      return issue.message;
  }
}

function typeOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}
