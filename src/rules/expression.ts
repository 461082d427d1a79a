/** Comparisons of two values. */
export type Comparison = "<" | "<=" | ">" | ">=" | "=" | "!=";

interface At {
  /** where it begins in its source, for messages */
  at: number;
}

/** A value of a row. */
export type Value =
  | (At & { kind: "column"; column: number })
  | (At & { kind: "number"; value: number; text: string })
  | (At & { kind: "string"; value: string })
  | (At & { kind: "date"; value: string })
  | (At & { kind: "arithmetic"; op: "+" | "-" | "*" | "/"; left: Value; right: Value });

/** What is true or false of a row; as in SQL, unknown where a value is missing. */
export type Condition =
  | (At & { kind: "compare"; op: Comparison; left: Value; right: Value })
  | (At & { kind: "in"; value: Value; items: Value[] })
  | (At & { kind: "null"; value: Value })
  | (At & { kind: "and" | "or"; left: Condition; right: Condition })
  | (At & { kind: "not"; inner: Condition });

/** A rule as it is written, parsed. */
export type ParsedRule =
  | { kind: "condition"; condition: Condition }
  /** the allowed combinations are those that the table has */
  | { kind: "follows"; columns: number[] }
  | { kind: "unique"; columns: number[] };

/** The columns that a value or condition reads, each once, ascending. */
export function columnsOf(node: Value | Condition): number[] {
  const found = new Set<number>();
  const visit = (inner: Value | Condition): void => {
    switch (inner.kind) {
      case "column":
        found.add(inner.column);
        break;
      case "arithmetic":
      case "compare":
      case "and":
      case "or":
        visit(inner.left);
        visit(inner.right);
        break;
      case "in":
        visit(inner.value);
        inner.items.forEach(visit);
        break;
      case "null":
        visit(inner.value);
        break;
      case "not":
        visit(inner.inner);
        break;
    }
  };
  visit(node);
  return [...found].sort((a, b) => a - b);
}

/** The parts of a condition that all must hold. */
export function conjuncts(condition: Condition): Condition[] {
  return condition.kind === "and"
    ? [...conjuncts(condition.left), ...conjuncts(condition.right)]
    : [condition];
}
