import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { learnDependencies } from "./dependencies";
import { parseRule } from "./parse";

export interface SchemaRules {
  /** rules besides those that the schema has */
  rules?: readonly string[] | undefined;
  /** whether the schema is to have those dependencies that the table shows [true] */
  dependencies?: boolean | undefined;
}

/**
 * A schema with rules of the user's and dependencies learned from a table. `learn`: the schema came from the table too;
 * one that a user has edited keeps the dependencies that it has.
 * @throws E_USAGE for a rule that cannot be read
 */
export function withRules(
  schema: TableSchema,
  columns: readonly Column[],
  { rules = [], dependencies = true }: SchemaRules,
  learn: boolean,
): TableSchema {
  const names = schema.fields.map(({ name }) => name);
  for (const rule of rules) parseRule(rule, names);
  const all = [...(schema.rules ?? []), ...rules];
  const learned = learn ? learnDependencies(schema, columns) : (schema.dependencies ?? []);
  const { rules: _rules, dependencies: _dependencies, ...plain } = schema;
  return {
    ...plain,
    ...(all.length > 0 && { rules: all }),
    ...(dependencies && learned.length > 0 && { dependencies: learned }),
  };
}
