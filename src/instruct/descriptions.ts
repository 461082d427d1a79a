import type { TableSchema } from "../table/schema";

/**
 * What the original method's prompts say its tables are about, known by the first and last column names, so that
 * `--compat` writes its training files without being told.
 */
const ORIGINAL_TABLES: readonly { first: string; last: string; description: string }[] = [
  { first: "Status of existing checking account", last: "status", description: "user credit scores" },
  { first: "Pregnancies", last: "Outcome", description: "diabetic patients" },
];

/** The original's description of this table; "" for a table that it did not publish prompts for. */
export function originalDescription(schema: TableSchema): string {
  const first = schema.fields[0]?.name;
  const last = schema.fields[schema.fields.length - 1]?.name;
  return ORIGINAL_TABLES.find((table) => table.first === first && table.last === last)?.description ?? "";
}
