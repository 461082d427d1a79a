import { isMissing, rowCount } from "../../table/columns";
import type { Random } from "../../random";
import type { Cells } from "../cells";
import type { Metric } from "../metric";
import { quantile, sampleRows } from "../rows";
import { notesOf, riskOf } from "../risk";

/** Predicates tried on the real rows, and tries to find them. */
const PREDICATES = 500;
const MAX_TRIES = 20_000;
/** Fewer say little. */
const FEW = 100;
/** Columns of a predicate. */
const WIDTH = 3;
/** Most synthetic rows that predicates are made from, and most rows of each kind that they are tried on. */
const MAX_ROWS = 10_000;

/**
 * Singling out in the manner of Anonymeter's multivariate attack: predicates that exactly one synthetic row satisfies
 * ("age >= 90 and town = Ulm and debt <= 3": a category's value, and a number from its cell on away from the median), of
 * three columns. How much more often one singles out a training row than a row never seen, were there as many of those.
 */
export const singlingOut: Metric = {
  name: "singling-out",
  title: "Singling-out risk",
  area: "privacy",
  direction: "lower",
  description:
    "How much better the rows let an attacker describe exactly one training row than exactly one of as many rows never " +
    "seen: 0 no better, 1 always.",
  parts: [
    { key: "attack", title: "training rows singled out", direction: "lower" },
    { key: "control", title: "rows never seen singled out", direction: "lower" },
    { key: "baseline", title: "singled out by guessing", direction: "lower" },
  ],
  yardstick: "fresh",
  async compute(table, { train, holdout, random }) {
    const targets = sampleRows(train, MAX_ROWS, random("single train"));
    const control = sampleRows(holdout, MAX_ROWS, random("single control"));
    const own = sampleRows(table, MAX_ROWS, random("single synthetic"));
    const predicates = findPredicates(own, random("predicates"));
    const n = predicates.length;
    if (n === 0) return { value: NaN, notes: ["no predicate singles out a row of the table"] };
    const count = (rows: Cells[], list: readonly Predicate[]): number =>
      list.filter((predicate) => countMatches(rows, predicate, 2) === 1).length;
    const guesses = randomPredicates(own, n, random("guessed predicates"));
    const risk = riskOf({
      n,
      successes: count(targets, predicates),
      nControl: n,
      controlSuccesses: successesAt(rowCount(targets), control, predicates, random("single sizes")),
      nBaseline: n,
      baselineSuccesses: count(targets, guesses),
    });
    return {
      value: risk.value,
      interval: risk.interval,
      parts: { attack: risk.attackRate, control: risk.controlRate, baseline: risk.baselineRate },
      detail: { predicates: n, rows: rowCount(targets), controlRows: rowCount(control) },
      notes: [...(n < FEW ? [`only ${n} predicates single out a row of the table`] : []), ...notesOf(risk)],
    };
  },
};

/** A condition on one column: missing, equal to a category, or a number on one side of a value. */
interface Condition {
  column: number;
  kind: "missing" | "equal" | "differs" | "least" | "most";
  value: number;
}
type Predicate = readonly Condition[];

/** Distinct predicates, each true of one row of the table alone. */
function findPredicates(table: Cells[], random: Random): Predicate[] {
  const medians = table.map((column) =>
    column.kind === "number"
      ? quantile(column.scaled.filter((value) => !Number.isNaN(value)).sort(), 0.5)
      : NaN,
  );
  const found = new Map<string, Predicate>();
  for (let tries = 0; tries < MAX_TRIES && found.size < PREDICATES; tries++) {
    const row = random.nextInt(rowCount(table));
    const predicate = drawColumns(table.length, random).map((c): Condition => {
      const column = table[c]!;
      if (isMissing(column, row)) return { column: c, kind: "missing", value: 0 };
      if (column.kind === "category") return { column: c, kind: "equal", value: column.codes[row]! };
      const value = column.scaled[row]!;
      return { column: c, kind: value > medians[c]! ? "least" : "most", value };
    });
    if (countMatches(table, predicate, 2) === 1) found.set(JSON.stringify(predicate), predicate);
  }
  return [...found.values()];
}

/** Predicates of columns, values and signs that have nothing to do with each other. */
function randomPredicates(table: Cells[], n: number, random: Random): Predicate[] {
  return Array.from({ length: n }, () =>
    drawColumns(table.length, random).map((c): Condition => {
      const column = table[c]!;
      const row = random.nextInt(rowCount(table));
      if (isMissing(column, row)) return { column: c, kind: "missing", value: 0 };
      if (column.kind === "category") {
        return { column: c, kind: random.nextInt(2) === 0 ? "equal" : "differs", value: column.codes[row]! };
      }
      return {
        column: c,
        kind: (["equal", "differs", "least", "most"] as const)[random.nextInt(4)]!,
        value: column.scaled[row]!,
      };
    }),
  );
}

/**
 * How many predicates would single out one of `size` rows like these. Where there are fewer, that is read off Anonymeter's
 * curve, fitted to the successes on random parts of the rows: c * [1 - (size * w + 1) * (1 - w)^size] / (size + 1).
 */
function successesAt(size: number, rows: Cells[], predicates: readonly Predicate[], random: Random): number {
  const n = rowCount(rows);
  const measured = measureSuccesses(rows, predicates, random);
  const found = measured[measured.length - 1]!.successes;
  if (n === size) return found;
  const curve = (at: number, w: number): number => (1 - (at * w + 1) * (1 - w) ** at) / (at + 1);
  let best = { error: Infinity, ratio: 1 };
  for (let exponent = -7; exponent < 0; exponent += 0.05) {
    const w = 10 ** exponent;
    let [products, squares] = [0, 0];
    for (const { at, successes } of measured) {
      products += successes * curve(at, w);
      squares += curve(at, w) ** 2;
    }
    const scale = products / squares;
    const error = measured.reduce(
      (sum, { at, successes }) => sum + (successes - scale * curve(at, w)) ** 2,
      0,
    );
    if (error < best.error) best = { error, ratio: curve(size, w) / curve(n, w) };
  }
  return Math.min(predicates.length, found * best.ratio);
}

/** Mean number of predicates that single out a row of random parts of the rows, up to all of them. */
function measureSuccesses(
  rows: Cells[],
  predicates: readonly Predicate[],
  random: Random,
): { at: number; successes: number }[] {
  const n = rowCount(rows);
  const steps = Array.from({ length: 10 }, (_, i) => Math.ceil((n * (i + 1)) / 10));
  const sums = new Float64Array(steps.length);
  const matches = predicates.map((predicate) => matchesOf(rows, predicate));
  for (let repeat = 0; repeat < 5; repeat++) {
    // a part is the rows of the lowest ranks
    const ranks = random.shuffle(Int32Array.from({ length: n }, (_, i) => i));
    for (const ids of matches) {
      let [first, second] = [n, n];
      for (const id of ids) {
        const rank = ranks[id]!;
        if (rank < first) [first, second] = [rank, first];
        else if (rank < second) second = rank;
      }
      steps.forEach((at, i) => (sums[i]! += first < at && second >= at ? 1 : 0));
    }
  }
  return steps.map((at, i) => ({ at, successes: sums[i]! / 5 }));
}

function matchesOf(table: Cells[], predicate: Predicate): number[] {
  const matches: number[] = [];
  for (let row = 0; row < rowCount(table); row++) {
    if (predicate.every((condition) => holds(table[condition.column]!, row, condition))) matches.push(row);
  }
  return matches;
}

function drawColumns(n: number, random: Random): number[] {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(WIDTH, n)) chosen.add(random.nextInt(n));
  return [...chosen].sort((a, b) => a - b);
}

/** Rows that satisfy a predicate, counted up to `most`. */
function countMatches(table: Cells[], predicate: Predicate, most: number): number {
  const n = rowCount(table);
  let matches = 0;
  for (let row = 0; row < n && matches < most; row++) {
    if (predicate.every((condition) => holds(table[condition.column]!, row, condition))) matches++;
  }
  return matches;
}

function holds(column: Cells, row: number, { kind, value }: Condition): boolean {
  const cell = column.kind === "category" ? column.codes[row]! : column.scaled[row]!;
  const missing = column.kind === "category" ? cell < 0 : Number.isNaN(cell);
  if (kind === "missing") return missing;
  if (missing) return false;
  if (kind === "equal") return cell === value;
  if (kind === "differs") return cell !== value;
  return kind === "least" ? cell >= value : cell <= value;
}
