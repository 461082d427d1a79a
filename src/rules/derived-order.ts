import { columnsOf, conjuncts } from "./expression";
import { parseRule } from "./parse";

/**
 * Column names in the same order but for those that rules derive from others, which come behind these: a row is then
 * written so that the decoder can compute them.
 */
export function behindOperands(names: readonly string[], rules: readonly string[]): string[] {
  const order = [...names];
  for (const source of rules) {
    const rule = parseRule(source, names);
    if (rule.kind !== "condition") continue;
    for (const part of conjuncts(rule.condition)) {
      if (part.kind !== "compare" || part.op !== "=") continue;
      const [target, program] =
        part.left.kind === "column" ? [part.left, part.right] : [part.right, part.left];
      if (target.kind !== "column" || program.kind !== "arithmetic") continue;
      const operands = columnsOf(program).map((column) => order.indexOf(names[column]!));
      const at = order.indexOf(names[target.column]!);
      const behind = Math.max(...operands);
      if (at > behind) continue;
      order.splice(at, 1);
      order.splice(behind, 0, names[target.column]!);
    }
  }
  return order;
}
