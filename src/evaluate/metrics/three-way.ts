import type { Random } from "../../random";
import { rowCount } from "../../table/columns";
import { binCells, equalCounts, Shares, type Borders } from "../bins";
import { pickRows, type Cells } from "../cells";
import { around, bootstrapErrors } from "../intervals";
import type { Metric } from "../metric";
import { mean } from "../rows";

/** Bins of a number, of about as many training rows each. */
const BINS = 4;
/** Most values of a category that count on their own; the others are one. */
const MAX_VALUES = 6;
/** Most triples of columns; of more, so many are drawn. */
const MAX_TRIPLES = 200;

/**
 * Mean over triples of columns: 1 - half the sum of the differences between the joint shares, numbers in quarters of the
 * training rows, rare categories together.
 */
export const threeWay: Metric = {
  name: "three-way",
  title: "Three-way relations",
  area: "fidelity",
  direction: "higher",
  description:
    "How well the joint distribution of each three columns matches the real one, averaged: 1 is the same; few rows " +
    "alone cost points, as the real ones show.",
  parts: [{ key: "worst", title: "worst triple", direction: "higher" }],
  yardstick: "fresh",
  async compute(table, { train, random, once }) {
    if (train.length < 3) return { value: NaN, notes: ["fewer than three columns"] };
    const { triples, coarsen, reals } = once("three-way real", () => prepare(train, random("triples")));
    const scoresOf = (rows: Cells[]): number[] => {
      const scored = coarsen(rows);
      return triples.map((triple, t) => reals[t]!.similarity(sharesOf(scored, triple)));
    };
    const scores = scoresOf(table);
    const [error] = bootstrapErrors(
      rowCount(table),
      (ids) => [mean(scoresOf(pickRows(table, ids)))],
      random("bootstrap triples"),
      { resamples: 10 },
    );
    const named = triples.map((triple, t) => ({
      columns: triple.map((c) => train[c]!.name),
      score: scores[t]!,
    }));
    named.sort((a, b) => a.score - b.score);
    const value = mean(scores);
    return {
      value,
      interval: around(value, error!, 0, 1),
      parts: { worst: named[0]!.score },
      detail: { nTriples: triples.length, lowest: named.slice(0, 10) },
    };
  },
};

/** The columns of a table in bins. */
type Coarse = ReturnType<ReturnType<typeof coarsener>>;

/** What comparing needs of the real side. */
function prepare(
  train: readonly Cells[],
  random: Random,
): { triples: number[][]; coarsen: ReturnType<typeof coarsener>; reals: Shares[] } {
  const triples = chooseTriples(train.length, random);
  const coarsen = coarsener(train);
  const real = coarsen(train);
  return { triples, coarsen, reals: triples.map((triple) => sharesOf(real, triple)) };
}

function sharesOf(cells: Coarse, triple: number[]): Shares {
  return new Shares(
    triple.map((c) => cells[c]!.size),
    triple.map((c) => cells[c]!.bins),
  );
}

function chooseTriples(n: number, random: { nextInt(n: number): number }): number[][] {
  const all = (n * (n - 1) * (n - 2)) / 6;
  if (all <= MAX_TRIPLES) {
    const triples: number[][] = [];
    for (let a = 0; a < n; a++)
      for (let b = a + 1; b < n; b++) for (let c = b + 1; c < n; c++) triples.push([a, b, c]);
    return triples;
  }
  const chosen = new Map<string, number[]>();
  while (chosen.size < MAX_TRIPLES) {
    const triple = new Set<number>();
    while (triple.size < 3) triple.add(random.nextInt(n));
    const sorted = [...triple].sort((a, b) => a - b);
    chosen.set(sorted.join(), sorted);
  }
  return [...chosen.values()];
}

/** Turns tables into bins that are fitted on train. */
function coarsener(
  train: readonly Cells[],
): (table: readonly Cells[]) => { bins: Int32Array; size: number }[] {
  const borders = train.map((column): Borders => (column.kind === "number" ? equalCounts(column, BINS) : []));
  const frequent = train.map((column) => {
    if (column.kind === "number") return undefined;
    const counts = new Int32Array(column.values.length);
    for (const code of column.codes) if (code >= 0) counts[code]!++;
    const order = Array.from(counts, (_, code) => code).sort((a, b) => counts[b]! - counts[a]!);
    return new Map(order.slice(0, MAX_VALUES).map((code, rank) => [code, rank + 2]));
  });
  return (table) =>
    table.map((column, i) => {
      const ranks = frequent[i];
      if (column.kind === "number" || !ranks) return binCells(column, borders[i]!);
      // 0 missing, 1 a rare value or one that train does not have
      const bins = column.codes.map((code) => (code < 0 ? 0 : (ranks.get(code) ?? 1)));
      return { bins, size: MAX_VALUES + 2 };
    });
}
