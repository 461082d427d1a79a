import { behindOperands } from "../rules/derived-order";
import type { Column } from "../table/columns";
import { isIdentifierField, type TableSchema } from "../table/schema";
import type { RowFormat } from "./format";

/** An order of a schema's columns: the field at each place. */
export type Order = readonly number[];

export function naturalOrder(schema: TableSchema): Order {
  return schema.fields.map((_, f) => f);
}

/** The schema with its fields in an order. */
export function inOrder(schema: TableSchema, order: Order): TableSchema {
  return { ...schema, fields: order.map((f) => schema.fields[f]!) };
}

/**
 * The schema in the order in which the model writes a row. Where the format allows it the target comes first: each other
 * cell is then drawn given the label, which small models learn far better than a label at the end. Identifiers are not
 * the model's to write, and columns that rules derive from others come behind these.
 */
export function modelOrder(
  schema: TableSchema,
  { targetFirst }: Pick<RowFormat, "targetFirst">,
): TableSchema {
  const fields = schema.fields.filter((field) => !isIdentifierField(field));
  const target = fields.find((field) => field.name === schema.target);
  const ordered = targetFirst && target ? [target, ...fields.filter((field) => field !== target)] : fields;
  const { rules } = schema;
  if (!rules || rules.length === 0) return { ...schema, fields: ordered };
  const names = [...ordered, ...schema.fields.filter(isIdentifierField)].map(({ name }) => name);
  const byName = new Map(ordered.map((field) => [field.name, field]));
  return { ...schema, fields: behindOperands(names, rules).flatMap((name) => byName.get(name) ?? []) };
}

/** The columns in the order of the schema's fields. */
export function inOrderOf(schema: TableSchema, columns: readonly Column[]): Column[] {
  return schema.fields.map((field) => columns.find((column) => column.name === field.name)!);
}
