import { inOrder, type Order } from "../instruct/order";
import { Random } from "../random";
import { rowCount, type Column } from "../table/columns";
import type { RowAutomaton } from "./automaton";
import type { PromptTokens } from "./language";

export interface PromptSourceOptions {
  columns: readonly Column[];
  description: string;
  k: number;
  /** neighbour ids of each row, shape (n, width), ascending distance */
  neighbors: { ids: Int32Array; width: number };
  prompt: "anchor" | "random" | "none";
  seed: number;
}

/** The prompts of a sampling run by number: prompt p depends on (seed, p) alone. */
export class PromptSource {
  private readonly k: number;
  private readonly n: number;
  private readonly parts: PromptTokens;
  private readonly encoded: (Int32Array | undefined)[] = [];
  /** what stands around the rows in the order that was asked for last */
  private ordered: { order: Order; parts: PromptTokens } | undefined;
  private readonly bare = new Map<Order | undefined, Int32Array>();
  private order: { pass: number; ids: Int32Array } | undefined;

  constructor(
    private readonly automaton: RowAutomaton,
    private readonly options: PromptSourceOptions,
  ) {
    this.k = options.prompt === "none" ? 0 : options.k;
    this.n = rowCount(options.columns);
    const { language, schema } = automaton;
    this.parts = language.prompt(schema, { description: options.description, k: this.k });
  }

  /** Token ids of prompt p, its rows in the order of the row to draw; default: the automaton's. */
  prompt(p: number, order?: Order): Int32Array {
    return this.encode(this.examples(p), order);
  }

  /**
   * Token ids of a prompt for drawing row `row` once more: examples of its own for each attempt, lest a prompt that
   * leads to a row that may not stand leads to it again. Depends on (seed, row, attempt) alone.
   */
  promptAgain(row: number, attempt: number, order?: Order): Int32Array {
    if (this.k === 0) return this.encode([], order);
    const random = new Random(this.options.seed).derive("again").derive(row).derive(attempt);
    if (this.options.prompt === "random") return this.encode(this.distinctRows(random), order);
    return this.encode(this.neighborsOf(random.nextInt(this.n)), order);
  }

  /** Tokens that no prompt in one of some orders exceeds. */
  longestPrompt(orders: readonly Order[] = []): number {
    const { automaton, k } = this;
    const none = Array.from({ length: k }, () => new Int32Array(0));
    let longestRow = 0;
    for (let id = 0; k > 0 && id < this.n; id++) longestRow = Math.max(longestRow, this.row(id).length);
    const lengths = [undefined, ...orders].map((order) => {
      const around = automaton.encodePrompt(this.partsOf(order), none).length;
      // The text between cells may be longer in another order.
      const longer = order ? automaton.literalTokens(order) - automaton.literalTokens() : 0;
      return around + k * (longestRow + Math.max(0, longer));
    });
    return Math.max(...lengths);
  }

  /** Row ids of the examples of prompt p, in the order in which they stand. */
  examples(p: number): number[] {
    if (this.k === 0) return [];
    if (this.options.prompt === "random")
      return this.distinctRows(new Random(this.options.seed).derive("examples").derive(p));
    return this.neighborsOf(this.anchor(p));
  }

  private neighborsOf(anchor: number): number[] {
    const { ids, width } = this.options.neighbors;
    return Array.from(ids.subarray(anchor * width, anchor * width + this.k));
  }

  /** Anchors go through the table in a new random order each pass, so that every row is one equally often. */
  private anchor(p: number): number {
    const pass = Math.floor(p / this.n);
    if (this.order?.pass !== pass) {
      const ids = Int32Array.from({ length: this.n }, (_, i) => i);
      this.order = { pass, ids: new Random(this.options.seed).derive("anchors").derive(pass).shuffle(ids) };
    }
    return this.order.ids[p % this.n]!;
  }

  private distinctRows(random: Random): number[] {
    const chosen = new Set<number>();
    while (chosen.size < this.k) chosen.add(random.nextInt(this.n));
    return [...chosen];
  }

  private encode(ids: readonly number[], order?: Order): Int32Array {
    if (ids.length > 0) return this.encodeRows(ids, order);
    // Without examples there is one prompt an order.
    let bare = this.bare.get(order);
    if (!bare) this.bare.set(order, (bare = this.encodeRows(ids, order)));
    return bare;
  }

  private encodeRows(ids: readonly number[], order?: Order): Int32Array {
    if (!order || order.every((f, place) => f === place)) {
      return this.automaton.encodePrompt(
        this.parts,
        ids.map((id) => this.row(id)),
      );
    }
    const rows = ids.map((id) => this.automaton.encodeRow(this.options.columns, id, order).tokens);
    return this.automaton.encodePrompt(this.partsOf(order), rows);
  }

  private partsOf(order: Order | undefined): PromptTokens {
    if (!order) return this.parts;
    if (this.ordered?.order !== order) {
      const { language, schema } = this.automaton;
      const { description } = this.options;
      const parts = language.prompt(inOrder(schema, order), { description, k: this.k });
      this.ordered = { order, parts };
    }
    return this.ordered.parts;
  }

  private row(id: number): Int32Array {
    return (this.encoded[id] ??= this.automaton.encodeRow(this.options.columns, id).tokens);
  }
}
