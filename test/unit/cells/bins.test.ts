import { quantileBins } from "../../../src/cells/bins";
import { countValues, lastAtMost, sum } from "../../../src/cells/counts";

describe("quantileBins", () => {
  it("have about equally many rows each, and lose none", () => {
    const rows = countValues(Float64Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 10_000));
    const bins = quantileBins(rows, 100);
    expect(bins).toHaveLength(100);
    for (const { counts } of bins) expect(sum(counts)).toBe(100);
    expect(bins.flatMap(({ values }) => values)).toEqual(rows.values);
  });

  it("leave a heaped value alone", () => {
    const rows = countValues(Float64Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 500 : i)));
    const bins = quantileBins(rows, 20);
    expect(bins.filter(({ values }) => values.includes(500))).toEqual([{ values: [500], counts: [1000] }]);
    expect(sum(bins.flatMap(({ counts }) => counts))).toBe(2000);
  });

  it("keep the least and the greatest of very many values, and the rows of all", () => {
    const rows = countValues(Float64Array.from({ length: 5000 }, (_, i) => i * i));
    const [bin] = quantileBins(rows, 1);
    expect(bin!.values).toHaveLength(256);
    expect([bin!.values[0], bin!.values.at(-1)]).toEqual([0, 4999 ** 2]);
    expect(sum(bin!.counts)).toBe(5000);
    expect(Math.min(...bin!.counts)).toBeGreaterThan(0);
  });
});

it("counts values without the missing ones, 0 and -0 as one", () => {
  expect(countValues(Float64Array.of(3, NaN, -0, 0, -2, 3))).toEqual({
    values: [-2, 0, 3],
    counts: [1, 2, 2],
  });
});

it("finds the last of ascending numbers that is at most another", () => {
  expect([0, 1, 2, 5, 9].map((x) => lastAtMost([1, 2, 5], x))).toEqual([-1, 0, 1, 2, 2]);
});
