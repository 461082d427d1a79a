import { z } from "zod";
import { DateFormat, parseIso } from "./date-format";
import { IdentifierPattern } from "./identifier-pattern";
import { isoText } from "./calendar";
import { MAX_DIGITS } from "./number";
import type { CategoryField, DateField, Field, IdentifierField, NumberField, TextField } from "./schema";
import { firstIssue } from "./schema-issue";

export const FIELD_TYPES = ["string", "boolean", "integer", "number", "date", "datetime"] as const;

export interface FieldPlace {
  /** where the field stands, for messages */
  at: string;
  /** of the table, for fields without their own */
  missingValues: string[] | undefined;
  fail: (message: string) => never;
}

const base = {
  name: z.string().min(1),
  title: z.string().optional(),
  description: z.string().optional(),
  missingValues: z.array(z.string()).optional(),
};
const required = z.boolean().default(true);

const category = z.object({
  ...base,
  type: z.enum(["string", "boolean"]),
  constraints: z.object({ required, enum: z.array(z.string().min(1)) }),
});

const number = z.object({
  ...base,
  type: z.enum(["integer", "number"]),
  constraints: z.object({ required, minimum: z.number(), maximum: z.number() }),
  numberFormat: z
    .object({
      decimals: z.number().int().min(0).max(300).default(0),
      minDecimals: z.number().int().min(0).max(300).default(0),
      width: z.number().int().min(1).max(MAX_DIGITS).optional(),
      plus: z.literal(true).optional(),
      thousands: z.literal(true).optional(),
    })
    .optional(),
});

const date = z.object({
  ...base,
  type: z.enum(["date", "datetime"]),
  format: z.string().optional(),
  constraints: z.object({ required, minimum: z.string(), maximum: z.string() }),
});

const identifier = z.object({
  ...base,
  type: z.enum(["string", "integer"]),
  constraints: z.object({ required, unique: z.literal(true), pattern: z.string().min(1).optional() }),
  start: z.number().int().min(0).optional(),
});

const text = z.object({
  ...base,
  type: z.literal("string"),
  constraints: z.object({
    required,
    minLength: z.number().int().min(1).default(1),
    maxLength: z.number().int().min(1),
  }),
  characters: z.string().optional(),
});

/** Checks one field of a schema and completes it. What it holds, type and constraints say. */
export function parseField(
  json: { type: (typeof FIELD_TYPES)[number]; constraints?: unknown },
  place: FieldPlace,
): Field {
  const constraints = json.constraints;
  const has = (key: string): boolean =>
    typeof constraints === "object" && constraints !== null && key in constraints;
  if (json.type === "date" || json.type === "datetime") return dateField(read(date, json, place), place);
  if (has("unique")) return identifierField(read(identifier, json, place), place);
  if (json.type === "integer" || json.type === "number") return numberField(read(number, json, place), place);
  if (json.type === "string" && !has("enum") && (has("minLength") || has("maxLength"))) {
    return textField(read(text, json, place), place);
  }
  return categoryField(read(category, json, place), place);
}

function read<T>(schema: z.ZodType<T>, json: unknown, { at, fail }: FieldPlace): T {
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : fail(firstIssue(parsed.error.issues, json, at));
}

/** A field that is not required has at least the empty cell as a missing one. */
function shared(
  field: {
    name: string;
    description?: string | undefined;
    missingValues?: string[] | undefined;
    constraints: { required: boolean };
  },
  { missingValues }: FieldPlace,
): Pick<Field, "name" | "description" | "missingValues"> {
  const given = field.missingValues ?? missingValues ?? [];
  return {
    name: field.name,
    ...(field.description === undefined ? {} : { description: field.description }),
    missingValues: field.constraints.required || given.length > 0 ? given : [""],
  };
}

function categoryField(field: z.infer<typeof category>, place: FieldPlace): CategoryField {
  const { at, fail } = place;
  const { enum: values } = field.constraints;
  const twice = values.find((value, j) => values.indexOf(value) !== j);
  if (twice !== undefined) fail(`\`${at}.constraints.enum\` has "${twice}" twice`);
  if (values.length === 0 && field.constraints.required) {
    fail(`expected at least one value for \`${at}.constraints.enum\` of a required field`);
  }
  return { ...shared(field, place), type: field.type, constraints: field.constraints };
}

function numberField(field: z.infer<typeof number>, place: FieldPlace): NumberField {
  const { at, fail } = place;
  const { minimum, maximum } = field.constraints;
  if (minimum > maximum) {
    fail(`expected \`${at}.constraints.minimum\` (${minimum}) to be at most the maximum (${maximum})`);
  }
  const given =
    field.numberFormat ?? (field.type === "integer" ? { decimals: 0, minDecimals: 0 } : undefined);
  const numberFormat =
    given ?? fail(`\`${at}.numberFormat\` is missing: expected { "decimals": digits after the point }`);
  const { decimals, minDecimals, width, plus, thousands } = numberFormat;
  const largest = Math.max(Math.abs(minimum), Math.abs(maximum)) * 10 ** decimals;
  if (largest >= 10 ** MAX_DIGITS) {
    fail(`\`${at}\` needs more than ${MAX_DIGITS} digits: expected a smaller range or fewer decimals`);
  }
  if (
    width !== undefined &&
    (decimals + minDecimals > 0 || minimum < 0 || maximum >= 10 ** width || plus || thousands)
  ) {
    fail(
      `\`${at}.numberFormat.width\` is for integers from 0 to ${10 ** width - 1}, without plus and separators`,
    );
  }
  return {
    ...shared(field, place),
    type: field.type,
    constraints: field.constraints,
    numberFormat: {
      decimals,
      minDecimals,
      ...(width !== undefined && { width }),
      ...(plus && { plus }),
      ...(thousands && { thousands }),
    },
  };
}

function dateField(field: z.infer<typeof date>, place: FieldPlace): DateField {
  const { at, fail } = place;
  const withTime = field.type === "datetime";
  // Frictionless' default is ISO 8601.
  const isDefault = field.format === undefined || field.format === "default";
  const format = isDefault ? (withTime ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d") : field.format!;
  const problem = new DateFormat(format, withTime).problem();
  if (problem !== undefined) fail(`\`${at}.format\` "${format}" cannot be used: ${problem}`);
  const bound = (key: "minimum" | "maximum"): number =>
    parseIso(field.constraints[key], withTime) ??
    fail(
      `expected a ${field.type} like ${withTime ? "2024-01-31T23:59:59" : "2024-01-31"} for ` +
        `\`${at}.constraints.${key}\` but received "${field.constraints[key]}"`,
    );
  const lowest = bound("minimum");
  const highest = bound("maximum");
  if (lowest > highest) fail(`expected \`${at}.constraints.minimum\` to be at most the maximum`);
  const constraints = {
    required: field.constraints.required,
    minimum: isoText(lowest),
    maximum: isoText(highest),
  };
  return { ...shared(field, place), type: field.type, format, constraints };
}

function identifierField(field: z.infer<typeof identifier>, place: FieldPlace): IdentifierField {
  const { at, fail } = place;
  const pattern = field.constraints.pattern ?? (field.type === "integer" ? "(0|[1-9][0-9]*)" : undefined);
  if (pattern === undefined)
    return fail(`expected string but received nothing for \`${at}.constraints.pattern\``);
  let isRunning = false;
  try {
    ({ isRunning } = IdentifierPattern.parse(pattern));
  } catch (error) {
    fail(
      `\`${at}.constraints.pattern\` "${pattern}" cannot be used: ${(error as Error).message}; expected parts such as ` +
        "AB-, [0-9]{4}, (DE|FR), or once (0|[1-9][0-9]*) between plain text",
    );
  }
  if (field.type === "integer" && pattern !== "(0|[1-9][0-9]*)") {
    fail(`\`${at}.constraints.pattern\` of integers is (0|[1-9][0-9]*); for others give the type "string"`);
  }
  return {
    ...shared(field, place),
    type: field.type,
    constraints: { required: field.constraints.required, unique: true, pattern },
    ...(isRunning && { start: field.start ?? 1 }),
  };
}

function textField(field: z.infer<typeof text>, place: FieldPlace): TextField {
  const { at, fail } = place;
  const { minLength, maxLength } = field.constraints;
  if (minLength > maxLength) {
    fail(
      `expected \`${at}.constraints.minLength\` (${minLength}) to be at most the maxLength (${maxLength})`,
    );
  }
  return {
    ...shared(field, place),
    type: field.type,
    constraints: field.constraints,
    ...(field.characters !== undefined && { characters: field.characters }),
  };
}
