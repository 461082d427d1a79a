import { categoryBars, numberBars, summarise } from "../../../src/report/distributions";
import { categories, numbers } from "../../support/people";

test("histograms of all tables share the edges of the real one, values beyond count in the outermost bars", () => {
  const bars = numberBars(["real", "mine"], [numbers("x", [0, 0, 1, 3]), numbers("x", [-9, 1, 9, NaN])]);
  expect(bars.filter(({ table }) => table === "real").map(({ share }) => share)).toEqual([
    0.5, 0.25, 0, 0.25,
  ]);
  expect(bars.filter(({ table }) => table === "mine").map(({ share }) => share)).toEqual([
    0.25, 0.25, 0, 0.25,
  ]);
  expect(bars[3]).toEqual({ table: "real", from: 3, to: 4, share: 0.25 });
});

test("edges are in the column's unit, and a wide range has few bars", () => {
  const bars = numberBars(["real"], [numbers("x", [0, 10_000], 2)]);
  expect(bars.length).toBeLessThanOrEqual(24);
  expect(bars[0]).toMatchObject({ from: 0, to: 4.17 });
  expect(numberBars(["real"], [numbers("x", [NaN])])).toEqual([]);
});

test("categories come by real share; the rare ones share a bar, missing cells have one where there are any", () => {
  const values = Array.from({ length: 20 }, (_, i) => `v${i}`);
  const codes = values.flatMap((_, code) => Array<number>(code + 1).fill(code));
  const bars = categoryBars(
    ["real", "mine"],
    [categories("c", values, codes), categories("c", values, [0, -1])],
  );
  const labels = bars.filter(({ table }) => table === "real").map(({ value }) => value);
  expect(labels).toEqual([...values.slice(8).reverse(), "(8 others)", "(missing)"]);
  expect(bars.filter(({ table }) => table === "mine").slice(-2)).toEqual([
    { table: "mine", value: "(8 others)", share: 0.5 },
    { table: "mine", value: "(missing)", share: 0.5 },
  ]);
});

test("a column in words", () => {
  expect(summarise(numbers("x", [5, 125, NaN, 7], 1))).toBe("0.5 to 12.5, 25.0 % missing");
  expect(summarise(categories("c", ["a", "b"], [0, 0]))).toBe("1 value");
  expect(summarise(numbers("x", [NaN]))).toBe("no values, 100.0 % missing");
});
