import type { AutomatonTables } from "../native/addon";

/**
 * Tokens of the longest way from any of some states to an end. Texts, whose states lead back to themselves, have as many
 * as AutomatonTables.textLimits allows.
 */
export function longestPath(tables: AutomatonTables, starts: Iterable<number>): number {
  const { edgeOffsets, edgeNext, edgeColumns } = tables;
  const texts = longestTexts(tables);
  const longest = new Int32Array(edgeOffsets.length - 1).fill(-1);
  let most = 0;
  for (const start of starts) {
    // Depth first with a stack of its own: a row may be thousands of states deep.
    const stack = [start];
    while (stack.length > 0) {
      const state = stack.at(-1)!;
      const next = edgeNext.subarray(edgeOffsets[state], edgeOffsets[state + 1]);
      const unknown = next.find((to) => longest[to] === -1 && to !== state);
      if (unknown !== undefined) {
        stack.push(unknown);
        continue;
      }
      let length = 0;
      let text = 0;
      const written = isSilent(tables, state) ? 0 : 1;
      next.forEach((to, e) => {
        if (to === state) text = texts[edgeColumns[edgeOffsets[state]! + e]!]!;
        else length = Math.max(length, longest[to]! + written);
      });
      longest[state] = text + length;
      stack.pop();
    }
    most = Math.max(most, longest[start]!);
  }
  return most;
}

/** Most tokens of each column's texts: one a character, or four where some tokens hold parts of characters. */
function longestTexts({ columnKinds, edgeColumns, edgeActions, textLimits }: AutomatonTables): Int32Array {
  const longest = columnKinds.map((kind, c) => (kind === 2 ? textLimits![2 * c + 1]! : 0));
  const hasParts = new Set(
    edgeColumns.filter((c, e) => c >= 0 && columnKinds[c] === 2 && edgeActions[e] === 0),
  );
  return longest.map((length, c) => (hasParts.has(c) ? 4 * length : length));
}

/** Whether the model sees nothing of a state's edges. */
export function isSilent({ edgeOffsets, edgeTokens }: AutomatonTables, state: number): boolean {
  const first = edgeOffsets[state]!;
  return first < edgeOffsets[state + 1]! && edgeTokens[first]! < 0;
}

/** The next state that the model sees something of, where the ways there all lead to one. */
export function behindSilent(tables: AutomatonTables, state: number): number {
  let next = state;
  while (isSilent(tables, next)) next = tables.edgeNext[tables.edgeOffsets[next]!]!;
  return next;
}

/** The edge of a state with a token, -1 where there is none. The edges of a state lie by ascending token. */
export function edgeOf({ edgeOffsets, edgeTokens }: AutomatonTables, state: number, token: number): number {
  const end = edgeOffsets[state + 1]!;
  let low = edgeOffsets[state]!;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edgeTokens[middle]! < token) low = middle + 1;
    else high = middle;
  }
  return low < end && edgeTokens[low] === token ? low : -1;
}
