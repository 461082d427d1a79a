import { z } from "zod";

const numbers = z.array(z.number());
const counts = z.array(z.number().int().min(1));
const column = { name: z.string().min(1), missing: z.boolean() };

const columnPlan = z.discriminatedUnion("kind", [
  z.object({ ...column, kind: z.literal("categories"), values: z.array(z.string()), rare: z.boolean() }),
  z.object({ ...column, kind: z.literal("values"), values: numbers, counts }),
  z.object({ ...column, kind: z.literal("bins"), values: z.array(numbers.min(1)), counts: z.array(counts) }),
  z.object({
    ...column,
    kind: z.literal("digits"),
    width: z.number().int().min(1),
    zeros: z.number().int().min(0),
    signed: z.boolean(),
  }),
  z.object({ ...column, kind: z.literal("dates"), values: z.array(numbers.min(1)), counts: z.array(counts) }),
]);

/** The cell vocabulary of a table as it stands in schema.json. */
export const cellPlan = z.object({ columns: z.array(columnPlan) });
export type CellPlan = z.infer<typeof cellPlan>;

/**
 * How one column's cells are tokens; `missing`: there is one for a missing cell. Numbers and dates are scaled values.
 *
 * - "categories": one token a value of the schema's enum; `rare`: one for all others, which stands in rows but is neither
 *   learnt nor drawn
 * - "values": one token a value, ascending, with the rows that had it
 * - "bins": one token a range of values, ascending, with the values that the rows had in it and how many had each
 * - "digits": a sign where `signed`, then `width` digits, one token each, and `zeros` zeros that all values end with
 * - "dates": one token for each part that has several values, from the year to the second, with the rows that had each
 */
export type ColumnPlan = CellPlan["columns"][number];
export type PlanOf<K extends ColumnPlan["kind"]> = Extract<ColumnPlan, { kind: K }>;
