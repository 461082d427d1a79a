import { HarmonicError } from "../errors";
import { inOrder, type Order } from "../instruct/order";
import type { AutomatonTables } from "../native/addon";
import { type Domain, fullDomain, sameDomain } from "../rules/domain";
import { isDateField, isNumberField, type TableSchema } from "../table/schema";
import { columnKinds, startOf, textLimits } from "./compile-row";
import { chain, type Edge, flattenAll, Node } from "./graph";
import type { RowLanguage } from "./language";
import { restrictCell } from "./restrict";
import type { Step } from "./row-cells";

/** Rows of one order of the columns, of which the first may be given. */
export interface OrderedRows {
  order: Order;
  /** the given cells of each row, where the automaton is to know no others; else any are allowed */
  given?: { nGiven: number } & (
    | { rows: Iterable<readonly Step[]>; byCell?: undefined }
    /** any of the cells of a place may stand before any of the next */
    | { rows?: undefined; byCell: readonly Iterable<readonly Step[]>[] }
  );
}

/** An automaton over rows in several orders; each begins in a state of its own. */
export interface CompiledOrders {
  tables: AutomatonTables;
  /** by order */
  startStates: Int32Array;
}

/**
 * Compiles rows whose columns stand in some orders, each column holding a part of its values. What orders end with alike
 * is there once; cells that are given are the ways of their values and no more.
 * @throws E_INPUT as compileRow
 */
export function compileOrders(
  schema: TableSchema,
  language: RowLanguage,
  domains: readonly Domain[],
  rows: readonly OrderedRows[],
): CompiledOrders {
  const compiler = new OrderCompiler(schema, language, domains);
  const starts = rows.map(({ order, given }) => compiler.start(order, given));
  const { tables, startStates } = flattenAll(starts, columnKinds(schema));
  return { tables: { ...tables, ...textLimits(schema) }, startStates };
}

class OrderCompiler {
  private readonly tails = new Map<string, Node>();
  private readonly end = new Node();

  constructor(
    private readonly schema: TableSchema,
    private readonly language: RowLanguage,
    private readonly domains: readonly Domain[],
  ) {}

  start(order: Order, given: OrderedRows["given"]): Node {
    const literals = this.language.literals(inOrder(this.schema, order));
    if (given) return this.givenStart(order, given, literals);
    return startOf(literals[0]!, this.tail(order, 0, literals));
  }

  /** The given rows' cells, each of which goes on with the cells to draw. */
  private givenStart(
    order: Order,
    { nGiven, rows, byCell }: NonNullable<OrderedRows["given"]>,
    literals: (readonly number[])[],
  ): Node {
    const drawn = this.tail(order, nGiven, literals);
    return byCell ? byCell.reduceRight((next, cells) => tree(cells, next), drawn) : tree(rows, drawn);
  }

  /** The state before the cell at a place. */
  private tail(order: Order, place: number, literals: (readonly number[])[]): Node {
    if (place === order.length) return this.end;
    const key = order.slice(place).join();
    const known = this.tails.get(key);
    if (known) return known;
    const exit = chain(literals[place + 1]!, this.tail(order, place + 1, literals));
    const column = order[place]!;
    const field = this.schema.fields[column]!;
    const root = this.language.compileCell(field, exit, column);
    const domain = this.domains[column]!;
    const node = sameDomain(domain, fullDomain(field))
      ? root
      : restrictCell(root, exit, domain, isNumberField(field) || isDateField(field));
    if (!node) {
      throw new HarmonicError(
        "E_USAGE",
        `no value of column "${field.name}" satisfies rules and conditions`,
        {
          hint: "change them, or widen the column in the schema",
        },
      );
    }
    this.tails.set(key, node);
    return node;
  }
}

/** A tree of tokens, whose leaves are all one state. */
function tree(rows: Iterable<readonly Step[]>, leaf: Node): Node {
  const start = new Node();
  for (const steps of rows) {
    let node = start;
    steps.forEach((step, s) => {
      let edge = node.edges.get(step.token);
      if (!edge) {
        edge = edgeOf(step, s === steps.length - 1 ? leaf : new Node());
        node.edges.set(step.token, edge);
      }
      node = edge.to;
    });
  }
  return start;
}

function edgeOf({ token, column, action, value }: Step, to: Node): Edge {
  return { to, column, action, ...(value !== undefined && { value }), ...(token < 0 && { weight: 1 }) };
}
