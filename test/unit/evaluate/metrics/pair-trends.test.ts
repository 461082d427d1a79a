import { cellsOf } from "../../../../src/evaluate/cells";
import { correlation } from "../../../../src/evaluate/correlation";
import { pairTrends } from "../../../../src/evaluate/metrics/pair-trends";
import type { Column } from "../../../../src/table/columns";
import { computeMetric } from "../../../support/evaluation";
import { categories, makePeople, numbers, shuffleColumns } from "../../../support/people";

async function score(
  train: Column[],
  table: Column[],
): Promise<{ value: number; pairs: { score: number }[] }> {
  const result = await computeMetric(pairTrends, { train: cellsOf(train), table: cellsOf(table) });
  return { value: result.value, pairs: result.detail?.pairs as { score: number }[] };
}

test("correlation is Pearson's, over the rows where both have a value", () => {
  const x = Float64Array.of(1, 2, 3, NaN, 9);
  expect(correlation(x, Float64Array.of(2, 4, 6, 1, NaN))).toBeCloseTo(1, 12);
  expect(correlation(x, Float64Array.of(3, 2, 1, 1, NaN))).toBeCloseTo(-1, 12);
  expect(correlation(x, Float64Array.of(1, 1, 1, 5, NaN))).toBeNaN();
});

test("the training rows themselves score 1, shuffled columns lose the relations", async () => {
  const train = makePeople(2000, 1);
  expect((await score(train, train)).value).toBe(1);
  const shuffled = await score(train, shuffleColumns(train, 2));
  expect(shuffled.value).toBeLessThan(0.75);
});

test("numbers beside categories are binned over the real range", async () => {
  const train = [numbers("x", [0, 1, 9, 10]), categories("c", ["a", "b"], [0, 0, 1, 1])];
  const moved = [numbers("x", [-50, 1, 9, 70]), categories("c", ["a", "b"], [0, 0, 1, 1])];
  expect((await score(train, moved)).value).toBe(1); // what lies beyond the range counts in the outermost bins
  const shifted = [numbers("x", [0, 2, 9, 10]), categories("c", ["a", "b"], [0, 0, 1, 1])];
  expect((await score(train, shifted)).value).toBe(0.75);
  const crossed = [numbers("x", [10, 10, 0, 0]), categories("c", ["a", "b"], [0, 0, 1, 1])];
  expect((await score(train, crossed)).value).toBe(0);
});

test("a column that turned constant counts as uncorrelated, a real constant is left out", async () => {
  const train = [numbers("x", [1, 2, 3]), numbers("y", [1, 2, 3])];
  expect((await score(train, [numbers("x", [1, 2, 3]), numbers("y", [1, 1, 1])])).value).toBe(0.5);
  expect((await score([numbers("x", [1, 1, 1]), train[1]!], train)).value).toBeNaN();
});

test("pairs of categories with too many combinations for an array score the same", async () => {
  const values = Array.from({ length: 1500 }, (_, i) => `v${i}`);
  const codes = values.map((_, i) => i);
  const wide = [categories("a", values, codes), categories("b", values, codes)];
  expect((await score(wide, wide)).value).toBeCloseTo(1, 9);
  const half = codes.map((code) => (code < 750 ? code : 1499 - (code - 750)));
  expect((await score(wide, [wide[0]!, categories("b", values, half)])).value).toBeCloseTo(0.5, 9);
});
