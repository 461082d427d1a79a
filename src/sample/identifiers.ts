import type { Column } from "../table/columns";
import { identifierOf, planIdentifiers } from "../table/identifier";
import type { RowPlan } from "./row-plan";
import { isIdentifierField, type IdentifierField, type TableSchema } from "../table/schema";

export interface IdentifierOptions {
  schema: TableSchema;
  /** the rows trained on, whose identifiers are left out */
  columns: readonly Column[];
  seed: number;
  /** of all shards together */
  rows: number;
  /** tells the identifiers that rows are given */
  plan?: Pick<RowPlan, "identifierOf" | "givenIdentifiers">;
}

/** The identifier columns of a sampling, which the model never sees: made from the numbers of the rows. */
export class IdentifierColumns {
  /** what the user should know before rows are drawn */
  readonly warnings: string[] = [];
  private readonly fields: { field: IdentifierField; taken: bigint[] }[];

  /** @throws E_INPUT where a pattern has fewer identifiers than rows */
  constructor(private readonly options: IdentifierOptions) {
    const { schema, columns, rows, plan } = options;
    this.fields = schema.fields.filter(isIdentifierField).map((field) => {
      const real = columns.find(({ name }) => name === field.name);
      const given = plan?.givenIdentifiers(field.name) ?? [];
      const planned = planIdentifiers(field, rows, [...(real?.kind === "text" ? real.values : []), ...given]);
      // Rows that keep theirs need no others.
      if (planned.warning !== undefined && given.length === 0) this.warnings.push(planned.warning);
      return { field, taken: planned.taken };
    });
  }

  /** Those of `n` rows from row `first` (from 0) of all on. */
  of(first: number, n: number): Column[] {
    const { seed, plan } = this.options;
    return this.fields.map(({ field, taken }) => ({
      kind: "text",
      name: field.name,
      values: Array.from(
        { length: n },
        (_, i) => plan?.identifierOf(field.name, first + i) ?? identifierOf(field, seed, first + i, taken),
      ),
    }));
  }
}
