import type { AutomatonTables } from "../native/addon";

/** Edges on the longest way from any of some states to an end. */
export function longestPath({ edgeOffsets, edgeNext }: AutomatonTables, starts: Iterable<number>): number {
  const longest = new Int32Array(edgeOffsets.length - 1).fill(-1);
  let most = 0;
  for (const start of starts) {
    // Depth first with a stack of its own: a row may be thousands of states deep.
    const stack = [start];
    while (stack.length > 0) {
      const state = stack.at(-1)!;
      const next = edgeNext.subarray(edgeOffsets[state], edgeOffsets[state + 1]);
      const unknown = next.find((to) => longest[to] === -1);
      if (unknown !== undefined) {
        stack.push(unknown);
      } else {
        longest[state] = next.reduce((length, to) => Math.max(length, longest[to]! + 1), 0);
        stack.pop();
      }
    }
    most = Math.max(most, longest[start]!);
  }
  return most;
}

/** The state behind a token, -1 where it is not allowed. The edges of a state lie by ascending token. */
export function nextState(tables: AutomatonTables, state: number, token: number): number {
  const { edgeOffsets, edgeTokens, edgeNext } = tables;
  const end = edgeOffsets[state + 1]!;
  let low = edgeOffsets[state]!;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edgeTokens[middle]! < token) low = middle + 1;
    else high = middle;
  }
  return low < end && edgeTokens[low] === token ? edgeNext[low]! : -1;
}
