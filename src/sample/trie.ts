import { HarmonicError } from "../errors";
import { type Exit, Node } from "./graph";

/** One text that a category cell may hold. */
export interface TrieEntry {
  /** as the user knows it, for messages */
  name: string;
  tokens: readonly number[];
  /** what the end of the cell does to the column's value */
  action: number;
}

/**
 * The states of a cell that holds one of a list of texts: a trie over their tokens. Where a text ends, the literal's
 * first token takes the action and leaves the trie. Where a longer text goes on with the literal's tokens, the ways
 * stay one for as long as they are the same, so the automaton is deterministic.
 * @throws E_INPUT where two texts, with the literal behind them, cannot be told apart
 */
export function categoryCell(
  entries: readonly TrieEntry[],
  exit: Exit,
  column: number,
  columnName: string,
): Node {
  const root = new Node();
  const ends: { node: Node; entry: TrieEntry }[] = [];
  const seen = new Map<string, TrieEntry>();
  for (const entry of entries) {
    const key = entry.tokens.join();
    const same = seen.get(key);
    if (same) throw conflict(columnName, same, entry);
    seen.set(key, entry);
    let node = root;
    for (const token of entry.tokens) {
      let edge = node.edges.get(token);
      if (!edge) {
        node.connect(token, new Node());
        edge = node.edges.get(token)!;
      }
      node = edge.to;
    }
    ends.push({ node, entry });
  }
  // The longest first: a shorter text that goes along another's way then meets that one's own end, if they clash.
  ends.sort((a, b) => b.entry.tokens.length - a.entry.tokens.length);
  const owners = new Map<Node, Map<number, TrieEntry>>();
  for (const { node, entry } of ends) leave(node, entry, exit, column, columnName, owners);
  return root;
}

function leave(
  end: Node,
  entry: TrieEntry,
  exit: Exit,
  column: number,
  columnName: string,
  owners: Map<Node, Map<number, TrieEntry>>,
): void {
  let node = end;
  for (let j = 0; j < exit.tokens.length; j++) {
    const token = exit.tokens[j]!;
    const owner = owners.get(node)?.get(token);
    if (owner) throw conflict(columnName, owner, entry);
    const edge = node.edges.get(token);
    if (!edge) {
      node.connect(token, exit.nodes[j]!, column, entry.action);
      if (!owners.has(node)) owners.set(node, new Map());
      owners.get(node)!.set(token, entry);
      return;
    }
    node = edge.to;
  }
  throw new HarmonicError(
    "E_INPUT",
    `column "${columnName}": ${entry.name} and the text behind it read like the start of a longer value`,
    { hint: "rename the value, or use another format" },
  );
}

function conflict(columnName: string, a: TrieEntry, b: TrieEntry): HarmonicError {
  return new HarmonicError(
    "E_INPUT",
    `column "${columnName}": expected values that read differently but ${a.name} and ${b.name} have the same tokens`,
    { hint: "rename one of them, or use another base model" },
  );
}
