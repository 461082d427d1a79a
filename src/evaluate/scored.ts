import { dateNumbers, type Column } from "../table/columns";
import { isIdentifierField, isTextField, type TableSchema } from "../table/schema";

/** What of a table is scored: no identifiers, dates as numbers. */
export interface Scored {
  schema: TableSchema;
  columnsOf: (table: readonly Column[]) => Column[];
  /** what a reader of the scores must know about columns that are left out */
  warnings: string[];
}

export function scored(schema: TableSchema): Scored {
  const isKept = schema.fields.map((field) => !isIdentifierField(field));
  const identifiers = schema.fields.filter(isIdentifierField);
  const texts = schema.fields.filter(isTextField);
  return {
    schema: { ...schema, fields: schema.fields.filter((_, f) => isKept[f]) },
    columnsOf: (table) =>
      table
        .filter((_, f) => isKept[f])
        .map((column) => (column.kind === "date" ? dateNumbers(column) : column)),
    warnings: [
      ...(identifiers.length > 0 ? [`Identifiers are not scored: ${namesOf(identifiers)}.`] : []),
      ...(texts.length > 0
        ? [`Texts are compared for exact copies only, in no other score: ${namesOf(texts)}.`]
        : []),
    ],
  };
}

function namesOf(fields: readonly { name: string }[]): string {
  return fields.map(({ name }) => name).join(", ");
}
