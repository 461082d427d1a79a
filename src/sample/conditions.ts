import { createHash } from "node:crypto";
import { HarmonicError } from "../errors";
import type { Domain } from "../rules/domain";
import type { IdentifierField, TableSchema } from "../table/schema";
import type { TableSource } from "../table/source";
import type { Guess } from "./best-guess";
import { balanced, givenTable, weighted, type GivenRows } from "./given";

/** What the rows to draw are to be like. */
export interface Conditions {
  /** e.g. "age > 40 and income = '>50K'" */
  where?: string | undefined;
  /** rows with some cells filled, which are completed */
  given?:
    | {
        table: TableSource;
        /** rows to draw for each */
        each: number;
        /** what is made of these; absent: each is a row */
        guess?: Guess["number"] | undefined;
      }
    | undefined;
  /** a column of which every value is drawn equally often */
  balance?: string | undefined;
  /** a table of cells with, as its last column, how often they are to be drawn */
  weights?: TableSource | undefined;
}

/** What tells conditions from others, as text. */
export function conditionsIdentity({ where, given, balance, weights }: Conditions = {}): string {
  const cells = (table: TableSource | undefined): unknown =>
    table?.columns.map(({ name, texts, codes }) => [name, texts, Array.from(codes)]);
  const all = [where, cells(given?.table), given?.each, given?.guess, balance, cells(weights)];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

export interface GivenRowsOptions {
  schema: TableSchema;
  /** what each column can hold */
  domains: readonly Domain[];
  identifiers?: readonly IdentifierField[] | undefined;
  /** whether cells given in a table may lie outside the schema's range */
  anyRange: boolean;
  seed: number;
}

/** The cells that conditions give the rows to draw, if any. @throws E_USAGE, E_INPUT as what reads them */
export function givenRows(
  { given, balance, weights }: Conditions,
  { schema, domains, identifiers, anyRange, seed }: GivenRowsOptions,
): GivenRows | undefined {
  if ([given, balance, weights].filter((one) => one !== undefined).length > 1) {
    throw new HarmonicError("E_USAGE", "expected one of `given`, `balance` and `weights`", {
      hint: "weights of several columns are one table: sex,income,weight",
    });
  }
  if (given) return givenTable(given.table, schema, { each: given.each, identifiers, anyRange });
  if (balance !== undefined) return balanced(balance, schema, domains);
  return weights && weighted(weights, schema, seed);
}
