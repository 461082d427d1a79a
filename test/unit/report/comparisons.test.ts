import type { Evaluation } from "../../../src/evaluate/evaluation";
import { histogram } from "../../../src/report/distance-charts";
import { principalAxes, project } from "../../../src/report/principal-axes";
import { relationsOf } from "../../../src/report/relations";
import { verdictsOf } from "../../../src/report/verdicts";
import { categories, numbers } from "../../support/people";

test("principal axes follow the variance, and places lie along them", () => {
  // along (3, 4) with a standard deviation of 5 steps, across it little
  const rows = [-2, -1, 0, 1, 2].flatMap((t) => [3 * t + (t % 2) * 0.04, 4 * t - (t % 2) * 0.03]);
  const x = Float32Array.from(rows);
  const axes = principalAxes(x, 5, 2);
  expect(axes.axes[0][0]).toBeCloseTo(0.6, 2);
  expect(axes.axes[0][1]).toBeCloseTo(0.8, 2);
  expect(Math.abs(axes.axes[1][0]! * 0.6 + axes.axes[1][1]! * 0.8)).toBeLessThan(1e-2);
  expect(axes.explained).toBeCloseTo(1, 6);
  expect(project(x, 5, axes)[8]).toBeCloseTo(10, 1);
  expect(principalAxes(new Float32Array(6).fill(1), 3, 2).explained).toBe(1);
});

test("a histogram from quantiles: even ones give even bars, equal ones a peak, all together 1", () => {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  for (const share of histogram(shares, [0, 1, 2, 3, 4], 4)) expect(share).toBeCloseTo(1 / 24, 12);
  const peak = histogram(shares, [0, 0, 0, 2, 4], 4);
  expect(peak[0]).toBeGreaterThan(0.5);
  expect(peak.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
});

test("relations: r of numbers with its sign, V beside a category, null where a column is constant", () => {
  const table = (sign: number) => [
    numbers("x", [1, 2, 3, 4]),
    numbers(
      "y",
      [1, 2, 3, 4].map((value) => sign * value),
    ),
    categories("c", ["a", "b"], [0, 0, 1, 1]),
    numbers("k", [5, 5, 5, 5]),
  ];
  const found = relationsOf(table(1), table(-1));
  expect(found[0]).toEqual({ x: "x", y: "y", real: 1, scored: -1 });
  expect(found[1]).toMatchObject({ x: "x", y: "c", real: 1 });
  expect(found.filter(({ y }) => y === "k").every(({ real }) => real === null)).toBe(true);
});

test("verdicts are by what real rows score, and say nothing where nothing was measured", () => {
  const metric = (name: string, area: string, real: number, mine: number, more: object = {}) => ({
    ...{ name, title: name, area, direction: "higher", description: "", parts: [], yardstick: "fresh" },
    scores: [
      { table: "real", value: real, interval: null, parts: {}, detail: {}, notes: [] },
      { table: "mine", value: mine, interval: null, parts: {}, detail: {}, notes: [], ...more },
    ],
  });
  const of = (metrics: object[]) => verdictsOf({ metrics } as unknown as Evaluation, "mine");
  const levels = (metrics: object[]) => of(metrics).map(({ level }) => level);
  expect(levels([])).toEqual(["unknown", "unknown", "unknown"]);
  const floor = { parts: { floor: 0.5 } };
  expect(levels([metric("learning-efficiency", "utility", 0.8, 0.79, floor)])[0]).toBe("good");
  expect(levels([metric("learning-efficiency", "utility", 0.8, 0.6, floor)])[0]).toBe("poor");
  // real rows teach nothing either
  expect(levels([metric("learning-efficiency", "utility", 0.51, 0.4, floor)])[0]).toBe("unknown");
  const shapes = metric("column-shapes", "fidelity", 0.93, 0.92);
  expect(levels([shapes])[1]).toBe("good");
  expect(levels([shapes, metric("detection", "fidelity", 0.5, 0.9)])[1]).toBe("poor");
  const share = (low: number, high: number) =>
    metric("closest-record", "privacy", 0.5, (low + high) / 2, { interval: [low, high] });
  expect(levels([share(0.48, 0.53)])[2]).toBe("good");
  expect(levels([share(0.3, 0.7)])[2]).toBe("fair");
  expect(levels([share(0.6, 0.7)])[2]).toBe("poor");
});
