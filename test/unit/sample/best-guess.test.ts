import { bestGuesses } from "../../../src/sample/best-guess";
import type { Column } from "../../../src/table/columns";

const CITY = ["Bonn", "Lyon", "Paris"];
/** Three draws of each of three rows; -1 and NaN missing. */
const DRAWN: Column[] = [
  { kind: "category", name: "city", values: CITY, codes: Int32Array.of(2, 1, 2, 0, 1, 2, -1, -1, 0) },
  { kind: "number", name: "age", decimals: 1, scaled: Float64Array.of(10, 40, 13, NaN, 5, 6, NaN, NaN, 3) },
  { kind: "date", name: "left", scaled: Float64Array.from([1, 3, 9, 2, 2, 2, 8, 7, 5], (d) => 20240100 + d) },
  { kind: "text", name: "note", values: ["a", "b", "b", null, null, "c", "x", "y", "z"] },
];

const cells = (columns: Column[]): unknown[] =>
  columns.map((column) =>
    column.kind === "text" ? column.values : [...(column.kind === "category" ? column.codes : column.scaled)],
  );

it("takes the commonest category and text, and the median of numbers and dates", () => {
  expect(cells(bestGuesses(DRAWN, { number: "median", draws: 3 }, () => true))).toEqual([
    [2, 0, -1],
    [13, 5, NaN],
    [20240103, 20240102, 20240107],
    ["b", null, "x"],
  ]);
});

it("takes the mean of numbers, to the column's precision, and no mean of dates", () => {
  const [, ages, left] = cells(bestGuesses(DRAWN, { number: "mean", draws: 3 }, () => true));
  expect(ages).toEqual([21, 6, NaN]);
  expect(left).toEqual([20240103, 20240102, 20240107]);
});

it("keeps a given number that is too long to be added up", () => {
  const scaled = new Float64Array(100).fill(Number.MAX_SAFE_INTEGER);
  const drawn: Column[] = [{ kind: "number", name: "id", decimals: 0, scaled }];
  const [guessed] = cells(bestGuesses(drawn, { number: "mean", draws: 100 }, () => true));
  expect(guessed).toEqual([Number.MAX_SAFE_INTEGER]);
});

it("takes the draw nearest to a guess that may not stand", () => {
  const guessed = bestGuesses(DRAWN, { number: "mean", draws: 3 }, (_, row) => row !== 0);
  // The third draw: Paris, 1.3 and b are nearest to Paris, 2.1 and b.
  expect(cells(guessed).map((column) => (column as unknown[])[0])).toEqual([2, 13, 20240109, "b"]);
});
