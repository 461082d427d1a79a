import type { AutomatonTables } from "../../src/native/addon";

export interface Path {
  tokens: number[];
  /** per column: index or scaled integer, null missing, as the decoder accumulates it from the edges' actions */
  values: (number | null)[];
}

/** Every path from the start to the end of a (small) automaton, with the values that its actions make. */
export function allPaths(tables: AutomatonTables): Path[] {
  const paths: Path[] = [];
  const { edgeOffsets, edgeTokens, edgeNext } = tables;
  const walk = (state: number, edges: number[]): void => {
    const first = edgeOffsets[state]!;
    const last = edgeOffsets[state + 1]!;
    if (first === last) {
      paths.push({ tokens: edges.map((edge) => edgeTokens[edge]!), values: valuesOf(tables, edges) });
    }
    for (let edge = first; edge < last; edge++) walk(edgeNext[edge]!, [...edges, edge]);
  };
  walk(0, []);
  return paths;
}

/** The rules of AutomatonTables.edgeActions, written plainly. */
function valuesOf(tables: AutomatonTables, edges: number[]): (number | null)[] {
  return Array.from(tables.columnKinds, (kind, column) => {
    let value = 0;
    let sign = 1;
    let missing = false;
    for (const edge of edges) {
      const action = tables.edgeActions[edge]!;
      if (tables.edgeColumns[edge] !== column || action === -1) continue;
      if (action === -2) missing = true;
      else if (kind === 0) value = action;
      else if (action >= 1000) [value, sign] = [tables.edgeValues![action - 1000]!, 1];
      else if (action >= 100) value *= 10 ** (action - 100);
      else if (action === 10) sign = -1;
      else value = value * 10 + action;
    }
    return missing ? null : sign * value;
  });
}
