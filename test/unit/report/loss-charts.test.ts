import {
  columnLossChart,
  lossChart,
  lossColumns,
  smoothed,
  type TrainingPoint,
} from "../../../src/report/loss-charts";

const points: TrainingPoint[] = [
  { step: 1, lossPerRow: 30 },
  { step: 2, lossPerRow: 20, validationLossPerRow: 25, validationLossPerColumn: { a: 20, b: 5 } },
  { step: 3, lossPerRow: 10 },
];
const valuesOf = (chart: Record<string, unknown>) => (chart.data as { values: unknown[] }).values;

test("a constant stays as it is when smoothed, and the last values count most", () => {
  for (const value of smoothed(Array<number>(30).fill(2.5))) expect(value).toBeCloseTo(2.5, 12);
  const [first, second, third] = smoothed([30, 20, 10]);
  expect(first).toBe(30);
  expect(second).toBeCloseTo((0.9 * 30 + 20) / 1.9, 12);
  expect(third).toBeCloseTo((0.81 * 30 + 0.9 * 20 + 10) / 2.71, 12);
});

test("the chart of losses has what there is: every step, smoothed, and the rows left out where they were looked at", () => {
  expect(valuesOf(lossChart(points))).toHaveLength(3 + 3 + 1);
  expect(valuesOf(lossChart(points))).toContainEqual({ step: 2, loss: 25, rows: "validation" });
  const blind = lossChart([points[0]!, points[2]!]);
  expect(valuesOf(blind)).toHaveLength(4);
  expect(JSON.stringify(blind)).not.toContain("validation");
});

test("each column that was measured has a chart of its own", () => {
  expect(lossColumns(points)).toEqual(["a", "b"]);
  expect(lossColumns([points[0]!])).toEqual([]);
  expect(valuesOf(columnLossChart(points, "b"))).toEqual([{ step: 2, loss: 5 }]);
});
