import {
  around,
  bootstrapErrors,
  deviation,
  shareInterval,
  twoSided,
  wilson,
  Z95,
} from "../../../src/evaluate/intervals";
import { Random } from "../../../src/random";

test("an interval is 1.96 errors to each side, cut to what the figure can be", () => {
  expect(around(10, 1)).toEqual([10 - Z95, 10 + Z95]);
  expect(around(0.9, 0.1, 0, 1)).toEqual([0.9 - Z95 / 10, 1]);
});

test("Wilson's interval of a share is that of statsmodels' proportion_confint", () => {
  const expected = [
    [8, 10, 0.4901625, 0.9433178],
    [50, 1000, 0.0381303, 0.0653135],
  ] as const;
  for (const [successes, n, low, high] of expected) {
    const interval = shareInterval(successes, n);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  }
  // none of n: 0 to z^2 / (n + z^2)
  expect(shareInterval(0, 20)[0]).toBe(0);
  expect(shareInterval(0, 20)[1]).toBeCloseTo(Z95 ** 2 / (20 + Z95 ** 2), 12);
  expect(shareInterval(20, 20)).toEqual([expect.closeTo(20 / (20 + Z95 ** 2), 12), 1]);
  expect(wilson(5, 10).rate).toBeCloseTo(0.5, 12);
});

test("a standard deviation leaves out what is not finite, and is NaN of one value", () => {
  expect(deviation([2, 4, NaN, 4, 4, 5, 5, 7, 9, Infinity])).toBeCloseTo(Math.sqrt(32 / 7), 12);
  expect(deviation([3])).toBeNaN();
});

test("chances under the normal distribution are those of tables", () => {
  expect(twoSided(0)).toBeCloseTo(1, 6);
  expect(twoSided(Z95)).toBeCloseTo(0.05, 6);
  expect(twoSided(-2.5758293)).toBeCloseTo(0.01, 6);
});

describe("errors by resampling", () => {
  const values = Float64Array.from({ length: 400 }, (_, i) => (i * 37) % 400);
  const means = (ids: Int32Array): number[] => [
    ids.reduce((sum, id) => sum + values[id]!, 0) / ids.length,
    1,
  ];
  const expected = Math.sqrt((400 ** 2 - 1) / 12 / 400);

  it("are those of the formula for a mean, and 0 of a constant", () => {
    const [error, none] = bootstrapErrors(400, means, new Random(1), { resamples: 800 });
    expect(error! / expected).toBeGreaterThan(0.9);
    expect(error! / expected).toBeLessThan(1.1);
    expect(none).toBe(0);
  });

  it("are the same from smaller resamples, by scaling", () => {
    const [error] = bootstrapErrors(400, means, new Random(2), { resamples: 800, size: 100 });
    expect(error! / expected).toBeGreaterThan(0.9);
    expect(error! / expected).toBeLessThan(1.1);
  });

  it("are the same for the same seed", () => {
    expect(bootstrapErrors(400, means, new Random(3))).toEqual(bootstrapErrors(400, means, new Random(3)));
  });
});
