import type { CellLanguage } from "./cell-language";
import type { Scale } from "./column-cells";
import { sum } from "./counts";

/** Radial bases over the quantiles of a scale. */
const N_BASES = 8;
/** Features of a scale: the bases, rank and value. */
const N_FEATURES = N_BASES + 2;
/** Standard deviations that a value counts for at most. */
const MOST_DEVIATIONS = 3;
/** Floats of all features together; a table that would need more has none. */
const MOST_FLOATS = 2 ** 25;

/** What is known of tokens beforehand. */
export interface TokenFeatures {
  /** features of a token */
  n: number;
  /** shape (size of the language, n) */
  values: Float32Array;
}

/**
 * Where the tokens of numbers and dates stand among the others of their column (or place of a digit, or part of a date):
 * radial bases over the quantile, the rank from 0 to 1, and the value in standard deviations from the mean, cut off at
 * three. Each scale has features of its own; those of other tokens are 0. Undefined where no column has an order, or too
 * many have.
 */
export function ordinalFeatures(language: CellLanguage): TokenFeatures | undefined {
  const scales = language.scales.filter(({ scale }) => scale.values.length > 1);
  const n = N_FEATURES * scales.length;
  if (n === 0 || n * language.size > MOST_FLOATS) return undefined;
  const values = new Float32Array(language.size * n);
  scales.forEach(({ first, scale }, s) => {
    featuresOf(scale).forEach((features, token) => {
      values.set(features, (first + token) * n + s * N_FEATURES);
    });
  });
  return { n, values };
}

/** Of each of a scale's tokens, shape (tokens, N_FEATURES). */
function featuresOf({ values, counts }: Scale): number[][] {
  const rows = sum(counts);
  const mean = sum(values.map((value, v) => value * counts[v]!)) / rows;
  const variance = sum(values.map((value, v) => (value - mean) ** 2 * counts[v]!)) / rows;
  let before = 0;
  return values.map((value, v) => {
    const quantile = (before + counts[v]! / 2) / rows;
    before += counts[v]!;
    const deviations = (value - mean) / Math.sqrt(variance);
    return [
      ...Array.from({ length: N_BASES }, (_, k) => Math.exp(-((quantile * (N_BASES - 1) - k) ** 2) / 2)),
      v / (values.length - 1),
      Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, deviations)),
    ];
  });
}
