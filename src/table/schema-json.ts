import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HarmonicError } from "../errors";
import { parseRule } from "../rules/parse";
import { didYouMean } from "./names";
import type { Field, TableSchema } from "./schema";
import { firstIssue } from "./schema-issue";
import { FIELD_TYPES, parseField } from "./schema-field";

const table = z.object({
  fields: z.array(z.object({ type: z.enum(FIELD_TYPES) }).loose()).min(1),
  missingValues: z.array(z.string()).optional(),
  target: z.string().optional(),
  rules: z.array(z.string()).optional(),
  dependencies: z.array(z.string()).optional(),
});

/**
 * Checks a Frictionless Table Schema and completes it: a field without missingValues has the table's, one that is
 * not required has at least the empty cell. Throws E_INPUT naming the entry, e.g. `fields[3].constraints.minimum`.
 */
export function parseSchema(json: unknown, path = "the schema"): TableSchema {
  const parsed = table.safeParse(json);
  if (!parsed.success) throw bad(path, firstIssue(parsed.error.issues, json));
  const { target, missingValues, rules, dependencies } = parsed.data;
  const fields = parsed.data.fields.map((field, i): Field => {
    const fail = (message: string): never => {
      throw bad(path, message);
    };
    return parseField(field, { at: `fields[${i}]`, missingValues, fail });
  });
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
  for (const rule of [...(rules ?? []), ...(dependencies ?? [])]) {
    try {
      parseRule(rule, names);
    } catch (error) {
      throw bad(path, (error as HarmonicError).message);
    }
  }
  return {
    fields,
    ...(target !== undefined && { target }),
    ...(rules && { rules }),
    ...(dependencies && { dependencies }),
  };
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

function bad(path: string, message: string): HarmonicError {
  return new HarmonicError("E_INPUT", `${path}: ${message}`, {
    hint: "harmonic schema TABLE writes a whole schema to start from",
  });
}
