import { cellValue } from "../rules/cells";
import { contains, type Domain, fullDomain } from "../rules/domain";
import { type Column, isMissing } from "../table/columns";
import type { TableSchema } from "../table/schema";

/** What rules and conditions leave each column of a table. */
export class ColumnLimits {
  constructor(
    readonly schema: TableSchema,
    /** one a column; where a cell is given it is not missing */
    readonly domains: Domain[],
  ) {}

  /** Whether a cell may hold its value. One outside the schema's range was given. */
  mayHold(f: number, column: Column, row: number): boolean {
    if (column.kind === "text") return true;
    return contains(this.domains[f]!, cellValue(column, row)) || this.isOutside(f, column, row);
  }

  /** Whether a cell's value is outside the schema's range. */
  isOutside(f: number, column: Column, row: number): boolean {
    const { ranges } = fullDomain(this.schema.fields[f]!);
    return !isMissing(column, row) && !contains({ ranges, missing: false }, cellValue(column, row));
  }
}
