import { binCells, equalCounts, equalWidths, Shares } from "../../../src/evaluate/bins";
import { categories, numbers } from "../../support/people";

describe("borders of bins", () => {
  it("are equally far apart over the values present, as numpy.histogram([0, 3, 10], 4) has them", () => {
    expect(equalWidths(numbers("x", [10, NaN, 0, 3]), 4)).toEqual([2.5, 5, 7.5]);
  });

  it("widen a range of one value by a half to each side", () => {
    expect(equalWidths(numbers("x", [7, 7]), 2)).toEqual([7]);
  });

  it("have as many values between them, and are fewer where values are equal", () => {
    expect(equalCounts(numbers("x", [8, 7, 6, 5, 4, 3, 2, 1]), 4)).toEqual([3, 5, 7]);
    expect(equalCounts(numbers("x", [1, 1, 1, 1, 1, 2]), 4)).toEqual([]);
    expect(equalCounts(numbers("x", [0, 1, 1, 1, 1, 1]), 4)).toEqual([1]);
  });
});

describe("the bin of a cell", () => {
  it("is the one behind the last border that a number reaches, 0 where it is missing", () => {
    const { bins, size } = binCells(numbers("x", [-5, 2, 2.5, 4.9, 5, 99, NaN]), [2.5, 5]);
    expect([...bins]).toEqual([1, 1, 2, 2, 3, 3, 0]);
    expect(size).toBe(4);
  });

  it("is one for each category, 0 where it is missing", () => {
    const { bins, size } = binCells(categories("c", ["a", "b"], [1, -1, 0]), []);
    expect([...bins]).toEqual([2, 0, 1]);
    expect(size).toBe(3);
  });
});

describe("shares of combinations", () => {
  const of = (a: number[], b: number[], sizes = [3, 3]): Shares =>
    new Shares(sizes, [Int32Array.from(a), Int32Array.from(b)]);

  it("are 1 alike, 0 without a common combination, and in between by total variation", () => {
    const shares = of([1, 1, 2, 2], [1, 1, 2, 2]);
    expect(shares.similarity(of([2, 1], [2, 1]))).toBe(1);
    expect(shares.similarity(of([1, 2], [2, 1]))).toBe(0);
    expect(shares.similarity(of([1, 1, 1, 2], [1, 1, 1, 2]))).toBeCloseTo(0.75, 12);
  });

  it("are the same hashed as in an array", () => {
    const wide = [2000, 2000];
    const [a, b] = [of([1, 1, 1999], [1, 1, 1999], wide), of([1, 1999, 5], [1, 1999, 6], wide)];
    expect(a.similarity(b)).toBeCloseTo(2 / 3, 12);
    expect(b.similarity(a)).toBeCloseTo(2 / 3, 12);
  });

  it("count the rows asked for alone", () => {
    const ids = Int32Array.of(0, 3);
    const some = new Shares([3, 3], [Int32Array.of(1, 2, 2, 1), Int32Array.of(1, 2, 2, 2)], ids);
    expect(some.similarity(of([1, 1], [1, 2]))).toBe(1);
  });

  it("give Cramer's V: 1 where one column tells the other, 0 where they are independent", () => {
    expect(of([1, 1, 2, 2], [2, 2, 1, 1]).cramersV(4)).toBeCloseTo(1, 12);
    expect(of([1, 1, 2, 2], [1, 2, 1, 2]).cramersV(4)).toBeCloseTo(0, 12);
    // chi squared of [[10, 20], [20, 10]] without correction is 60 / 9 of 60 rows: V = 1 / 3
    const a = [...Array<number>(30).fill(1), ...Array<number>(30).fill(2)];
    const b = a.map((row, i) => (i % 30 < (row === 1 ? 10 : 20) ? 1 : 2));
    expect(of(a, b).cramersV(60)).toBeCloseTo(1 / 3, 12);
    expect(of([1, 1], [1, 2]).cramersV(2)).toBeNaN();
  });
});
