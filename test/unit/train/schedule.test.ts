import { learningRateAt } from "../../../src/train/schedule";

const rates = (schedule: "cosine" | "linear" | "constant"): number[] =>
  Array.from({ length: 10 }, (_, step) =>
    learningRateAt(step, 10, { learningRate: 1, schedule, warmup: 0.2 }),
  );

it("rises over the warm-up, then follows the schedule", () => {
  expect(rates("constant")).toEqual([0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  expect(rates("linear").slice(2)).toEqual([1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
  expect(rates("cosine")[6]).toBeCloseTo(0.5, 12);
});

it("never is 0 while there are steps left", () => {
  for (const schedule of ["cosine", "linear", "constant"] as const) {
    expect(Math.min(...rates(schedule))).toBeGreaterThan(0);
  }
});
