import type { AutomatonTables } from "../native/addon";
import { isSilent } from "./walk";

/** What the decoder may choose from, in some automata. */
export interface Choices {
  /** token ids on the edges of states with a choice, ascending */
  vocabulary: Int32Array;
  /** the distinct sets of allowed tokens, shape (sets, vocabulary.length): 1 allowed */
  allowedSets: Uint8Array;
  /** for each automaton the set of each of its states; -1 where the model has no choice */
  setsOfStates: Int32Array[];
}

export function distinctChoices(automata: readonly AutomatonTables[]): Choices {
  const sets: Int32Array[] = [];
  const known = new Map<string, number>();
  const setsOfStates = automata.map((tables) =>
    Int32Array.from({ length: tables.edgeOffsets.length - 1 }, (_, state) => {
      const tokens = tables.edgeTokens.subarray(tables.edgeOffsets[state], tables.edgeOffsets[state + 1]);
      if (tokens.length < 2 || isSilent(tables, state)) return -1;
      const key = tokens.join();
      let set = known.get(key);
      if (set === undefined) {
        set = sets.push(tokens) - 1;
        known.set(key, set);
      }
      return set;
    }),
  );
  const vocabulary = Int32Array.from(new Set(sets.flatMap((tokens) => Array.from(tokens)))).sort();
  const indexOf = new Map(Array.from(vocabulary, (token, index) => [token, index]));
  const allowedSets = new Uint8Array(sets.length * vocabulary.length);
  sets.forEach((tokens, set) => {
    for (const token of tokens) allowedSets[set * vocabulary.length + indexOf.get(token)!] = 1;
  });
  return { vocabulary, allowedSets, setsOfStates };
}
