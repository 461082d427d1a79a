import type { AutomatonTables, ModelHandle } from "../../src/native/addon";
import type { Path } from "./paths";

export interface DrawOptions {
  temperature?: number;
  /** by column; NaN: the general one */
  temperatures?: readonly number[];
  topP?: number;
  minP?: number;
}

interface Branch {
  column: number;
  children: Map<number, Branch>;
  path?: Path;
}

/**
 * The probability of each of some paths through an automaton behind a prompt, computed token by token from the model's
 * full log-probabilities: where paths part, the softmax over the tokens with which one of them goes on. Keys: the rows'
 * values as JSON. Columns must lie in ascending order in a row.
 */
export async function rowProbabilities(
  model: ModelHandle,
  tables: AutomatonTables,
  paths: readonly Path[],
  prompt: Int32Array,
  options: DrawOptions = {},
): Promise<Map<string, number>> {
  const probabilities = new Map<string, number>();
  const nVocabulary = model.info().nVocabulary;
  const walk = async (branch: Branch, tokens: number[], probability: number): Promise<void> => {
    if (branch.path) probabilities.set(JSON.stringify(branch.path.values), probability);
    const children = [...branch.children];
    let shares = [1];
    if (children.length > 1) {
      const ids = Int32Array.from([...prompt, ...tokens]);
      const logs = new Float32Array(await model.logProbabilities(ids)).subarray(-nVocabulary);
      const column = Math.min(...children.map(([, child]) => child.column));
      shares = sharesOf(
        children.map(([token]) => logs[token]!),
        column,
        options,
      );
    }
    for (const [i, [token, child]] of children.entries()) {
      if (shares[i]! > 0) await walk(child, [...tokens, token], probability * shares[i]!);
    }
  };
  await walk(treeOf(tables, paths), [], 1);
  return probabilities;
}

/** temperature, then top-p and min-p, each looking at the whole distribution. */
function sharesOf(logs: readonly number[], column: number, options: DrawOptions): number[] {
  const own = options.temperatures?.[column] ?? NaN;
  const temperature = Number.isNaN(own) ? (options.temperature ?? 1) : own;
  const normal = (weights: number[]): number[] => {
    const sum = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / sum);
  };
  const likeliest = Math.max(...logs);
  const shares = normal(logs.map((log) => Math.exp((log - likeliest) / temperature)));
  const largest = Math.max(...shares);
  const kept = shares.map((share) => {
    const before = shares.filter((other) => other > share).reduce((a, b) => a + b, 0);
    const inside = share === largest || before < (options.topP ?? 1);
    return inside && share >= (options.minP ?? 0) * largest ? share : 0;
  });
  return normal(kept);
}

function treeOf(tables: AutomatonTables, paths: readonly Path[]): Branch {
  const root: Branch = { column: -1, children: new Map() };
  for (const path of paths) {
    let branch = root;
    let state = 0;
    const edges = path.tokens.map((token) => {
      let edge = tables.edgeOffsets[state]!;
      while (tables.edgeTokens[edge] !== token) edge++;
      state = tables.edgeNext[edge]!;
      return edge;
    });
    for (const [i, token] of path.tokens.entries()) {
      const acting = edges.slice(i).find((edge) => tables.edgeColumns[edge]! >= 0);
      const column = acting === undefined ? Infinity : tables.edgeColumns[acting]!;
      let next = branch.children.get(token);
      if (!next) branch.children.set(token, (next = { column, children: new Map() }));
      next.column = Math.min(next.column, column);
      branch = next;
    }
    branch.path = path;
  }
  return root;
}
