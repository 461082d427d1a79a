import type { z } from "zod";

/** What is wrong with a JSON value, and where; `prefix`: where the value itself stands. */
export function firstIssue(issues: readonly z.core.$ZodIssue[], json: unknown, prefix = ""): string {
  const issue = issues[0]!;
  const at = issue.path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    prefix,
  );
  const value = issue.path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    json,
  );
  const shown =
    value === undefined ? "nothing" : `${JSON.stringify(value).slice(0, 60)} of type ${typeOf(value)}`;
  return `expected ${expectation(issue)} but received ${shown} for \`${at === "" ? "schema" : at}\``;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected;
    case "invalid_value": {
      const values = issue.values.map((value) => JSON.stringify(value)).join(", ");
      return issue.values.length === 1 ? values : `one of ${values}`;
    }
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
