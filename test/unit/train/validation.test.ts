import type { Lesson } from "../../../src/train/lesson";
import { defaultValidateEvery, validationLoss, Validation } from "../../../src/train/validation";

const lesson = (columns: number[], nRows: number): Lesson => ({
  ...{ tokens: new Int32Array(9), lossPositions: new Int32Array(0), labels: new Int32Array(0) },
  ...{ sets: new Int32Array(0), columns: Int32Array.from(columns), nRows },
});

it("sums the losses of each column's tokens, what lies between cells in all alone", () => {
  const losses = [1, 2, 4, 8, 16];
  expect(validationLoss(losses, [lesson([0, 1, 1], 1), lesson([-1, 0], 3)], ["a", "b"])).toEqual({
    validationLossPerRow: 31 / 4,
    validationLossPerColumn: { a: 17 / 4, b: 6 / 4 },
  });
});

it("looks about ten times, less often where that costs more than a tenth of the training", () => {
  expect(defaultValidateEvery(1000, 1e6, 1e3)).toBe(100);
  expect(defaultValidateEvery(1000, 1e6, 5e4)).toBe(500);
  expect(defaultValidateEvery(1000, 1e6, 1e9)).toBe(1000);
  expect(defaultValidateEvery(3, 1e6, 1)).toBe(1);
});

it("is due at regular intervals and at the end", () => {
  const due = (every: number): number[] => {
    const validation = new Validation(every, 7, undefined, { before: 9, misses: 0 });
    return [1, 2, 3, 4, 5, 6, 7].filter((step) => validation.due(step));
  };
  expect(due(3)).toEqual([3, 6, 7]);
  expect(due(0)).toEqual([]);
});

it("remembers the first of the best and gives up after `patience` misses in a row", () => {
  const validation = new Validation(1, 10, 2, { before: 9, misses: 0 });
  expect([5, 6, 4, 4].map((loss, i) => validation.note(i + 1, loss))).toEqual([true, false, true, false]);
  expect(validation.givesUp).toBe(false);
  validation.note(5, 4.5);
  expect(validation.record).toEqual({ before: 9, best: { step: 3, lossPerRow: 4 }, misses: 2 });
  expect(validation.givesUp).toBe(true);
});
