import type { AutomatonTables, LabelSets } from "../native/addon";
import { isSilent } from "./walk";

/** What the decoder may choose from, in some automata. */
export interface Choices {
  /** token ids on the edges of states with a choice, ascending */
  vocabulary: Int32Array;
  /** the distinct sets of allowed tokens */
  sets: LabelSets;
  /** for each automaton the set of each of its states; -1 where the model has no choice */
  setsOfStates: Int32Array[];
}

/** All labels may follow everywhere. */
export const ALL_ALLOWED: LabelSets = { offsets: new Int32Array(1), labels: new Int32Array(0) };

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
  const offsets = new Int32Array(sets.length + 1);
  sets.forEach((tokens, set) => (offsets[set + 1] = offsets[set]! + tokens.length));
  const labels = new Int32Array(offsets[sets.length]!);
  sets.forEach((tokens, set) =>
    labels.set(
      tokens.map((token) => indexOf.get(token)!),
      offsets[set],
    ),
  );
  return { vocabulary, sets: { offsets, labels }, setsOfStates };
}

/** Sets of labels as a mask, shape (sets, nLabels): 1 allowed. */
export function maskOf({ offsets, labels }: LabelSets, nLabels: number): Uint8Array {
  const nSets = offsets.length - 1;
  const mask = new Uint8Array(nSets * nLabels);
  for (let set = 0; set < nSets; set++) {
    for (let at = offsets[set]!; at < offsets[set + 1]!; at++) mask[set * nLabels + labels[at]!] = 1;
  }
  return mask;
}
