import { FeatureEncoder } from "../../../src/evaluate/features";
import { categories, numbers } from "../../support/people";

test("numbers are scaled by the training rows, missing ones stand at the mean with an indicator", () => {
  const encoder = new FeatureEncoder([numbers("x", [1, 3, NaN])]);
  expect(encoder.d).toBe(2);
  expect(Array.from(encoder.encode([numbers("x", [2, 3, NaN, 5])]))).toEqual([0, 0, 1, 0, 0, 1, 3, 0]);
});

test("a constant column is 0", () => {
  expect(Array.from(new FeatureEncoder([numbers("x", [7, 7])]).encode([numbers("x", [7, 8])]))).toEqual([
    0, 1,
  ]);
});

test("categories are one-hot, missing is one of them, and the target is left out", () => {
  const encoder = new FeatureEncoder([categories("c", ["a", "b"], [0, 1]), numbers("y", [1, 2])], {
    skip: 1,
  });
  expect(encoder.d).toBe(3);
  const rows = encoder.encode([categories("c", ["a", "b"], [1, 0, -1]), numbers("y", [1, 1, 1])]);
  expect(Array.from(rows)).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1]);
});

test("ranked categories have one feature", () => {
  const train = [categories("c", ["a", "b"], [0, 1]), numbers("x", [1, 3])];
  const encoder = new FeatureEncoder(train, { ranked: true });
  const rows = encoder.encode([categories("c", ["a", "b"], [1, 0, -1]), numbers("x", [1, 3, 2])]);
  expect(Array.from(rows)).toEqual([1, -1, 0, 1, 2, 0]);
});

test("of many categories the rare ones share a feature", () => {
  const values = Array.from({ length: 500 }, (_, i) => `v${i}`);
  const codes = [...values.map((_, i) => i), 499, 499];
  const column = categories("c", values, codes);
  const encoder = new FeatureEncoder([column]);
  expect(encoder.d).toBe(101);
  const rows = encoder.encode([{ ...column, codes: Int32Array.of(499, 0, 400, 401) }]);
  expect(rows[0]).toBe(1); // the most frequent comes first
  expect(rows.subarray(2 * 101, 3 * 101)).toEqual(rows.subarray(3 * 101));
});
