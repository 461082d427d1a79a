import { naturalOrder, type Order } from "../instruct/order";
import { emptyColumn } from "../rules/condition-domain";
import { type Domain, sizeOf } from "../rules/domain";
import type { DerivedColumn } from "../rules/rule-set";
import type { TableSchema } from "../table/schema";

/** These columns first, then the others in their order, derived ones behind what they come from. */
export function orderWith(
  first: readonly number[],
  others: Order,
  derived: readonly Pick<DerivedColumn, "column" | "operands">[],
): Order {
  const order = [...first, ...others.filter((f) => !first.includes(f))];
  for (const { column, operands } of derived) {
    if (first.includes(column)) continue;
    const behind = Math.max(...operands.map((operand) => order.indexOf(operand)));
    const at = order.indexOf(column);
    if (at > behind) continue;
    order.splice(at, 1);
    order.splice(behind, 0, column);
  }
  return order;
}

/**
 * The columns, those of the fewest values first: rows of every pattern of filled cells end with some of the largest ones
 * then, whose states are there once for each end.
 */
export function smallFirst(schema: TableSchema, domains: readonly Domain[]): Order {
  const isText = (f: number): boolean => emptyColumn(schema.fields[f]!).kind === "text";
  const sizes = domains.map((domain, f) => (isText(f) ? Infinity : sizeOf(domain)));
  return [...naturalOrder(schema)].sort((a, b) =>
    sizes[a]! < sizes[b]! ? -1 : sizes[a]! > sizes[b]! ? 1 : a - b,
  );
}
