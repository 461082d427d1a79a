import type { Column } from "../table/columns";
import { identifierOf, planIdentifiers } from "../table/identifier";
import { isIdentifierField, type IdentifierField, type TableSchema } from "../table/schema";

/** The identifier columns of a sampling, which the model never sees: made from the numbers of the rows. */
export class IdentifierColumns {
  /** what the user should know before rows are drawn */
  readonly warnings: string[] = [];
  private readonly fields: { field: IdentifierField; taken: bigint[] }[];

  /**
   * @param columns the rows trained on, whose identifiers are left out
   * @param rows of all shards together
   * @throws E_INPUT where a pattern has fewer identifiers than rows
   */
  constructor(
    schema: TableSchema,
    columns: readonly Column[],
    private readonly seed: number,
    rows: number,
  ) {
    this.fields = schema.fields.filter(isIdentifierField).map((field) => {
      const real = columns.find(({ name }) => name === field.name);
      const plan = planIdentifiers(field, rows, real?.kind === "text" ? real.values : []);
      if (plan.warning !== undefined) this.warnings.push(plan.warning);
      return { field, taken: plan.taken };
    });
  }

  /** Those of `n` rows from row `first` (from 0) of all on. */
  of(first: number, n: number): Column[] {
    return this.fields.map(({ field, taken }) => ({
      kind: "text",
      name: field.name,
      values: Array.from({ length: n }, (_, i) => identifierOf(field, this.seed, first + i, taken)),
    }));
  }
}
