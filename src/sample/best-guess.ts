import { cellValue } from "../rules/cells";
import { isMissing, rowCount, selectRows, type Column } from "../table/columns";
import { joinColumns } from "./drawn";

/** How many draws of a row are made one: the commonest value of a column, and of a number the median or the mean. */
export interface Guess {
  number: "median" | "mean";
  /** of a row */
  draws: number;
}

/** Draws that a guess is made of where nothing is said: more hardly change it, see docs/sampling.md. */
export const GUESS_DRAWS = 100;

/**
 * The best guess at each row. Where it breaks a rule, which no draw does, the draw nearest to it stands instead.
 * @param drawn `draws` draws of each row, one row's behind the other's
 * @param fits whether a row of a table may stand
 */
export function bestGuesses(
  drawn: readonly Column[],
  guess: Guess,
  fits: (columns: readonly Column[], row: number) => boolean,
): Column[] {
  const { draws } = guess;
  const nRows = rowCount(drawn) / draws;
  const guessed = drawn.map((column) => guessOf(column, nRows, guess));
  const ids = Int32Array.from({ length: nRows }, (_, row) =>
    fits(guessed, row) ? row : nRows + nearestDraw(drawn, guessed, row, draws),
  );
  return selectRows(joinColumns([guessed, drawn]), ids);
}

function guessOf(column: Column, nRows: number, { number, draws }: Guess): Column {
  const ofRows = <T>(of: (from: number, to: number) => T): T[] =>
    Array.from({ length: nRows }, (_, row) => of(row * draws, (row + 1) * draws));
  switch (column.kind) {
    case "category": {
      const codes = ofRows((from, to) => commonest(column.codes.subarray(from, to)));
      return { ...column, codes: Int32Array.from(codes) };
    }
    case "text":
      return { ...column, values: ofRows((from, to) => commonest(column.values.slice(from, to))) };
    default: {
      // Between two dates there may be no date.
      const middle = number === "mean" && column.kind === "number" ? mean : median;
      const scaled = ofRows((from, to) => {
        const values = column.scaled.subarray(from, to).filter((value) => !Number.isNaN(value));
        return 2 * values.length > draws ? middle(values) : NaN;
      });
      return { ...column, scaled: Float64Array.from(scaled) };
    }
  }
}

/** Of several as common ones the first. */
function commonest<T>(values: Iterable<T>): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}

/** One of the values: the lower of two in the middle. */
const median = (values: Float64Array): number => values.sort()[(values.length - 1) >> 1]!;

/** To the column's precision; of equal values these, whose sum need not be an exact number. */
function mean(values: Float64Array): number {
  const first = values[0]!;
  return Math.round(first + values.reduce((sum, value) => sum + value - first, 0) / values.length);
}

/** The draw of a row that differs least from its guess: numbers by the part of their draws' range. */
function nearestDraw(
  drawn: readonly Column[],
  guessed: readonly Column[],
  row: number,
  draws: number,
): number {
  const distances = new Float64Array(draws);
  drawn.forEach((column, c) => {
    const guess = guessed[c]!;
    if (column.kind === "number" && guess.kind === "number" && !isMissing(guess, row)) {
      const values = column.scaled.subarray(row * draws, (row + 1) * draws);
      const apart = values.map((value) => Math.abs(value - guess.scaled[row]!));
      const most = apart.reduce((a, b) => (b > a ? b : a), 0);
      apart.forEach((value, d) => (distances[d]! += Number.isNaN(value) ? 1 : most > 0 ? value / most : 0));
      return;
    }
    for (let d = 0; d < draws; d++) if (!isSame(column, row * draws + d, guess, row)) distances[d]!++;
  });
  return row * draws + distances.indexOf(Math.min(...distances));
}

function isSame(a: Column, i: number, b: Column, j: number): boolean {
  if (a.kind === "text" && b.kind === "text") return a.values[i] === b.values[j];
  return cellValue(a, i) === cellValue(b, j);
}
