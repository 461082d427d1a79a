import { shapeOf } from "../../../../src/evaluate/metrics/column-shapes";
import { categories, numbers } from "../../../support/people";

test("the Kolmogorov-Smirnov complement compares the present values", () => {
  expect(shapeOf(numbers("x", [1, 2, 3, NaN]))(numbers("x", [3, 2, 1]))).toBe(1);
  expect(shapeOf(numbers("x", [1, 2]))(numbers("x", [5, 6, 7]))).toBe(0);
  expect(shapeOf(numbers("x", [1, 1, 2, 2]))(numbers("x", [1, 2, 2, 2]))).toBe(0.75);
  expect(shapeOf(numbers("x", [-10, 9, 100]))(numbers("x", [100, -10, 9]))).toBe(1); // sorted as numbers
  expect(shapeOf(numbers("x", [NaN]))(numbers("x", [1]))).toBeNaN();
});

test("the total variation complement compares the shares of present values", () => {
  const values = ["a", "b", "c"];
  expect(shapeOf(categories("c", values, [0, 1, -1]))(categories("c", values, [1, 0]))).toBe(1);
  expect(shapeOf(categories("c", values, [0, 0]))(categories("c", values, [1, 2]))).toBe(0);
  expect(shapeOf(categories("c", values, [0, 1]))(categories("c", values, [0, 0, 0, 2]))).toBe(0.5);
  expect(shapeOf(categories("c", values, [-1]))(categories("c", values, [0]))).toBeNaN();
});
