import type { Spread } from "./ordinal";

/** Labels with their shares, which sum to 1. */
export interface SoftLabel {
  labels: readonly number[];
  shares: readonly number[];
}

/** Labels spread over others, as indices into `vocabulary`. */
export class SoftLabels {
  private readonly labelOf: Map<number, number>;

  constructor(
    /** by token */
    private readonly spread: ReadonlyMap<number, Spread>,
    private readonly vocabulary: Int32Array,
  ) {
    this.labelOf = new Map(Array.from(vocabulary, (token, label) => [token, label]));
  }

  of(label: number): SoftLabel {
    const soft = this.spread.get(this.vocabulary[label]!);
    const labels = soft?.ids.map((token) => this.labelOf.get(token));
    // A neighbour that is never chosen has no label.
    if (!soft || !labels?.every((one) => one !== undefined)) return { labels: [label], shares: [1] };
    return { labels, shares: soft.shares };
  }
}
