import type { AutomatonTables } from "../native/addon";

/** Actions of an edge on its column's value, beside the index of a category and a digit 0-9. See AutomatonTables. */
export const ACTION_NONE = -1;
export const ACTION_MISSING = -2;
export const ACTION_NEGATE = 10;
export const ACTION_POWER_OF_TEN = 100;
export const ACTION_VALUE = 1000;

export interface Edge {
  to: Node;
  column: number;
  action: number;
  /** the scaled value that ACTION_VALUE makes a number */
  value?: number;
  /** of a token below 0: its share among the state's edges, above 0 */
  weight?: number;
}

/**
 * A state of a row's automaton under construction: its edges by token id. Tokens below 0, of a silent state, are drawn by
 * their weights and never seen by the model.
 */
export class Node {
  readonly edges = new Map<number, Edge>();

  /** False where another edge has the token already. */
  connect(token: number, to: Node, column = -1, action = ACTION_NONE): boolean {
    if (this.edges.has(token)) return false;
    this.edges.set(token, { to, column: action === ACTION_NONE ? -1 : column, action });
    return true;
  }
}

/**
 * Adds the tokens of one symbol behind a state, in states of their own where there are several; the last one carries
 * the action. False where that would make the automaton ambiguous.
 */
export function connectAll(
  from: Node,
  tokens: readonly number[],
  to: Node,
  column: number,
  action = ACTION_NONE,
): boolean {
  let at = from;
  for (const token of tokens.slice(0, -1)) {
    const edge = at.edges.get(token);
    if (edge && edge.column >= 0) return false;
    const next = edge?.to ?? new Node();
    if (!edge) at.connect(token, next);
    at = next;
  }
  const last = tokens.at(-1);
  return last !== undefined && at.connect(last, to, column, action);
}

/**
 * The literal text behind a cell, as a chain that all ends of the cell enter: nodes[j] is the state after tokens[j]. A
 * text cell's end is told by the chain's first token; where cells tell their own end there is no chain.
 */
export interface Exit {
  tokens: readonly number[];
  nodes: readonly Node[];
  /** behind the chain */
  to: Node;
}

/** A chain of literal tokens to `to`. */
export function chain(tokens: readonly number[], to: Node): Exit {
  const nodes: Node[] = tokens.map(() => to);
  for (let j = tokens.length - 2; j >= 0; j--) {
    const node = new Node();
    node.connect(tokens[j + 1]!, nodes[j + 1]!);
    nodes[j] = node;
  }
  return { tokens, nodes, to };
}

/** Numbers the states that `start` reaches, breadth first, and lays their edges out by ascending token. */
export function flatten(start: Node, columnKinds: Int32Array): AutomatonTables {
  return flattenAll([start], columnKinds).tables;
}

/** The same for several automata side by side, which may share states; `startStates` are their starts' numbers. */
export function flattenAll(
  starts: readonly Node[],
  columnKinds: Int32Array,
): { tables: AutomatonTables; startStates: Int32Array } {
  const order = [...new Set(starts)];
  const indexOf = new Map<Node, number>(order.map((node, index) => [node, index]));
  const edgeOffsets = [0];
  const edgeTokens: number[] = [];
  const edgeNext: number[] = [];
  const edgeColumns: number[] = [];
  const edgeActions: number[] = [];
  const edgeWeights: number[] = [];
  const values = new Map<number, number>();
  const indexOfValue = (value: number): number => {
    let index = values.get(value);
    if (index === undefined) values.set(value, (index = values.size));
    return index;
  };
  for (const node of order) {
    for (const [token, edge] of [...node.edges].sort((a, b) => a[0] - b[0])) {
      const { to, column, action, value, weight = 0 } = edge;
      let next = indexOf.get(to);
      if (next === undefined) {
        next = order.length;
        indexOf.set(to, next);
        order.push(to);
      }
      edgeTokens.push(token);
      edgeNext.push(next);
      edgeColumns.push(column);
      edgeActions.push(value === undefined ? action : ACTION_VALUE + indexOfValue(value));
      edgeWeights.push(weight);
    }
    edgeOffsets.push(edgeTokens.length);
  }
  const tables = {
    edgeOffsets: Int32Array.from(edgeOffsets),
    edgeTokens: Int32Array.from(edgeTokens),
    edgeNext: Int32Array.from(edgeNext),
    edgeColumns: Int32Array.from(edgeColumns),
    edgeActions: Int32Array.from(edgeActions),
    columnKinds,
    ...(values.size > 0 && { edgeValues: Float64Array.from(values.keys()) }),
    ...(edgeWeights.some((weight) => weight > 0) && { edgeWeights: Float64Array.from(edgeWeights) }),
  };
  return { tables, startStates: Int32Array.from(starts, (node) => indexOf.get(node)!) };
}
