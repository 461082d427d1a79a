import { ordinalFeatures, spreadLabels } from "../../../src/train/ordinal";

const AGE = { first: 2, values: [20, 30, 70], counts: [1, 2, 1] };
const INCOME = { first: 6, values: [5, 5.5], counts: [3, 0] };

it("describes values by rank, place and distance, each column in features of its own", () => {
  const { n, offsets, indices, values } = ordinalFeatures([AGE, INCOME], 9);
  const row = (id: number): number[] => [...values.subarray(offsets[id], offsets[id + 1])];
  const features = (id: number): number[] => [...indices.subarray(offsets[id], offsets[id + 1])];
  expect(n).toBe(20);
  expect(offsets).toHaveLength(10);
  for (const id of [0, 1, 5, 8]) expect(row(id)).toEqual([]);
  for (const id of [2, 3, 4]) expect(features(id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const id of [6, 7]) expect(features(id)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  // rows below and half of its own: an eighth, a half, seven eighths
  expect([2, 3, 4].map((id) => row(id)[8])).toEqual([-0.75, 0, 0.75]);
  const deviation = Math.sqrt((17.5 ** 2 + 2 * 7.5 ** 2 + 32.5 ** 2) / 4);
  expect(row(4)[9]).toBeCloseTo(32.5 / deviation, 6);
  // the bases that stand around a half are as far from it
  expect(row(3)[3]).toBeCloseTo(Math.exp(-1 / 8), 6);
  expect(row(3)[4]).toBeCloseTo(row(3)[3]!, 6);
  expect(row(6)[8]).toBe(0);
  expect(values.every(Number.isFinite)).toBe(true);
});

it("spreads labels over neighbouring values, and keeps what is at the end", () => {
  const spread = spreadLabels([AGE, INCOME], 0.2);
  expect(spread.get(3)).toEqual({ ids: [3, 2, 4], shares: [0.8, 0.1, 0.1] });
  expect(spread.get(2)).toEqual({ ids: [2, 3], shares: [0.9, 0.1] });
  expect(spread.get(7)).toEqual({ ids: [7, 6], shares: [0.9, 0.1] });
  expect(spread.get(5)).toBeUndefined();
});
