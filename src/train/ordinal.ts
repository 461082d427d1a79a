import type { TokenFeatures } from "../native/addon";

/** Tokens of one column whose values have an order: the ids `first`, `first` + 1, ... */
export interface OrderedTokens {
  first: number;
  /** value of each, or the mean of those that it stands for; ascending */
  values: ArrayLike<number>;
  /** rows of each */
  counts: ArrayLike<number>;
}

/** Radial bases over the share of rows below a value, evenly spaced and as wide as their distance. */
const BASES = 8;
/** Beside them the rank, from -1 to 1, and the value in standard deviations from the mean, cut at this. */
const FARTHEST = 3;
const ORDINAL_FEATURES = BASES + 2;

/**
 * What is known of the tokens of numbers, so that a model need not learn from a few rows which values are neighbours: see
 * OpenFullTrainerOptions.features. Each column's features are its own; other tokens have none.
 */
export function ordinalFeatures(columns: readonly OrderedTokens[], nVocabulary: number): TokenFeatures {
  const offsets = new Int32Array(nVocabulary + 1);
  for (const { first, values } of columns) {
    offsets.fill(ORDINAL_FEATURES, first + 1, first + 1 + values.length);
  }
  for (let id = 0; id < nVocabulary; id++) offsets[id + 1]! += offsets[id]!;
  const indices = new Int32Array(offsets.at(-1)!);
  const values = new Float32Array(offsets.at(-1)!);
  columns.forEach((column, c) => {
    const { mean, deviation } = momentsOf(column);
    midRanks(column.counts).forEach((rank, i) => {
      const at = offsets[column.first + i]!;
      for (let f = 0; f < ORDINAL_FEATURES; f++) indices[at + f] = c * ORDINAL_FEATURES + f;
      for (let b = 0; b < BASES; b++) {
        const distance = rank * BASES - (b + 0.5);
        values[at + b] = Math.exp((-distance * distance) / 2);
      }
      values[at + BASES] = 2 * rank - 1;
      const away = deviation > 0 ? (column.values[i]! - mean) / deviation : 0;
      values[at + BASES + 1] = Math.max(-FARTHEST, Math.min(FARTHEST, away));
    });
  });
  return { n: columns.length * ORDINAL_FEATURES, offsets, indices, values };
}

/** Ids that a label is spread over, and their shares, which sum to 1. */
export interface Spread {
  ids: number[];
  shares: number[];
}

/** Labels of which each neighbouring value of the same column gets half of `share`; by token id. */
export function spreadLabels(columns: readonly OrderedTokens[], share: number): Map<number, Spread> {
  const spread = new Map<number, Spread>();
  for (const { first, values } of columns) {
    for (let i = 0; i < values.length; i++) {
      const neighbours = [i - 1, i + 1].filter((j) => j >= 0 && j < values.length);
      spread.set(first + i, {
        ids: [i, ...neighbours].map((j) => first + j),
        shares: [1 - (share / 2) * neighbours.length, ...neighbours.map(() => share / 2)],
      });
    }
  }
  return spread;
}

/** Share of the rows below each value and half of its own, shape (n). */
function midRanks(counts: ArrayLike<number>): number[] {
  const all = Array.from(counts);
  const total = all.reduce((sum, count) => sum + count, 0);
  let below = 0;
  return all.map((count) => {
    below += count;
    return total > 0 ? (below - count / 2) / total : 0.5;
  });
}

function momentsOf({ values, counts }: OrderedTokens): { mean: number; deviation: number } {
  let rows = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    rows += counts[i]!;
    sum += counts[i]! * values[i]!;
  }
  const mean = rows > 0 ? sum / rows : 0;
  let square = 0;
  for (let i = 0; i < values.length; i++) square += counts[i]! * (values[i]! - mean) ** 2;
  return { mean, deviation: rows > 0 ? Math.sqrt(square / rows) : 0 };
}
