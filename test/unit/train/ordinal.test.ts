import { ORDINAL_FEATURES, ordinalFeatures, spreadLabels } from "../../../src/train/ordinal";

const AGE = { first: 2, values: [20, 30, 70], counts: [1, 2, 1] };
const INCOME = { first: 6, values: [5, 5.5], counts: [3, 0] };

it("describes values by rank, place and distance, each column in features of its own", () => {
  const { n, values } = ordinalFeatures([AGE, INCOME], 9);
  const row = (id: number): number[] => [...values.subarray(id * n, (id + 1) * n)];
  expect(n).toBe(2 * ORDINAL_FEATURES);
  for (const id of [0, 1, 5, 8]) expect(row(id)).toEqual(new Array(n).fill(0));
  // rows below and half of its own: an eighth, a half, seven eighths
  expect([2, 3, 4].map((id) => row(id)[8])).toEqual([-0.75, 0, 0.75]);
  const deviation = Math.sqrt((17.5 ** 2 + 2 * 7.5 ** 2 + 32.5 ** 2) / 4);
  expect(row(4)[9]).toBeCloseTo(32.5 / deviation, 6);
  // the bases that stand around a half are as far from it
  expect(row(3)[3]).toBeCloseTo(Math.exp(-1 / 8), 6);
  expect(row(3)[4]).toBeCloseTo(row(3)[3]!, 6);
  expect(row(2).slice(ORDINAL_FEATURES)).toEqual(new Array(ORDINAL_FEATURES).fill(0));
  expect(row(6)[ORDINAL_FEATURES + 8]).toBe(0);
  expect(values.every(Number.isFinite)).toBe(true);
});

it("spreads labels over neighbouring values, and keeps what is at the end", () => {
  const spread = spreadLabels([AGE, INCOME], 0.2);
  expect(spread.get(3)).toEqual({ ids: [3, 2, 4], shares: [0.8, 0.1, 0.1] });
  expect(spread.get(2)).toEqual({ ids: [2, 3], shares: [0.9, 0.1] });
  expect(spread.get(7)).toEqual({ ids: [7, 6], shares: [0.9, 0.1] });
  expect(spread.get(5)).toBeUndefined();
});
