import type { CellLanguage } from "./cell-language";

/** Neighbours on each side that share in a label, and how much: a normal distribution's density one and two steps away. */
const WEIGHTS = [Math.exp(-1 / 2), Math.exp(-4 / 2)];

/** A label that is spread over several tokens. */
export interface SoftLabel {
  tokens: number[];
  /** together 1 */
  shares: number[];
}

/**
 * The tokens of values and bins with a share of their label given to their neighbours in value, so that what is learnt of
 * one says something of those beside it. Other tokens have none.
 */
export class NeighborLabels {
  private readonly labels = new Map<number, SoftLabel>();

  /** `share`: of a label that goes to its neighbours, from 0 to 1 */
  constructor(language: CellLanguage, share: number) {
    for (const { first, scale } of language.scales) {
      const n = scale.values.length;
      if (!scale.whole || n < 2) continue;
      for (let t = 0; t < n; t++) {
        const near = WEIGHTS.flatMap((weight, d) =>
          [t - d - 1, t + d + 1].filter((at) => at >= 0 && at < n).map((at) => ({ token: first + at, weight })),
        );
        const all = near.reduce((sum, { weight }) => sum + weight, 0);
        this.labels.set(first + t, {
          tokens: [first + t, ...near.map(({ token }) => token)],
          shares: [1 - share, ...near.map(({ weight }) => (share * weight) / all)],
        });
      }
    }
  }

  /** Undefined: the token alone. */
  of(token: number): SoftLabel | undefined {
    return this.labels.get(token);
  }
}
