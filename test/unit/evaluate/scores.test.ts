import {
  accuracy,
  areaUnderCurve,
  argmaxRows,
  classificationAuc,
  matthews,
  rootMeanSquaredError,
  rSquared,
  weightedF1,
} from "../../../src/evaluate/scores";

// Reference values by scikit-learn's functions of the same names; see test/parity for the script with larger ones.
const truth = Int32Array.from([0, 0, 1, 1, 1, 2, 2, 2, 2, 2]);
const predicted = Int32Array.from([0, 1, 1, 1, 2, 2, 2, 2, 0, 1]);

test("weighted F1 averages the classes by their true rows", () => {
  const f1 = [0.5, (2 * 2) / (3 + 4), (2 * 3) / (5 + 4)];
  expect(weightedF1(truth, predicted, 3)).toBeCloseTo(0.2 * f1[0]! + 0.3 * f1[1]! + 0.5 * f1[2]!, 12);
});

test("a class that is never true has no weight, one never predicted scores 0", () => {
  expect(weightedF1(Int32Array.of(0, 0, 1), Int32Array.of(0, 0, 2), 4)).toBeCloseTo(2 / 3, 12);
});

test("accuracy is the share of right rows", () => {
  expect(accuracy(truth, predicted)).toBe(0.6);
});

test("Matthews' coefficient is 1, 0 and -1 where it should be", () => {
  const y = Int32Array.of(0, 1, 0, 1);
  expect(matthews(y, y, 2)).toBe(1);
  expect(matthews(y, Int32Array.of(1, 0, 1, 0), 2)).toBe(-1);
  expect(matthews(y, Int32Array.of(1, 1, 1, 1), 2)).toBe(0);
});

test("the area under the curve counts ties half", () => {
  const scores = Float64Array.of(0.1, 0.4, 0.4, 0.8);
  expect(areaUnderCurve(scores, (i) => i === 1 || i === 3)).toBe(0.875);
  expect(areaUnderCurve(scores, (i) => i >= 0)).toBeNaN();
});

test("the area of several classes is each against the rest", () => {
  const probabilities = Float64Array.of(0.7, 0.2, 0.1, 0.2, 0.7, 0.1, 0.1, 0.2, 0.7);
  expect(classificationAuc(Int32Array.of(0, 1, 2), probabilities, 3)).toBe(1);
});

test("the class of a row is its largest probability, the first of equals", () => {
  expect(Array.from(argmaxRows(Float64Array.of(0.2, 0.8, 0.5, 0.5), 2))).toEqual([1, 0]);
});

test("R2 is 1 for the truth, 0 for the mean, undefined for a constant", () => {
  const y = Float64Array.of(1, 2, 3);
  expect(rSquared(y, y)).toBe(1);
  expect(rSquared(y, Float64Array.of(2, 2, 2))).toBe(0);
  expect(rSquared(Float64Array.of(2, 2), Float64Array.of(1, 2))).toBeNaN();
  expect(rootMeanSquaredError(y, Float64Array.of(1, 2, 6))).toBeCloseTo(Math.sqrt(3), 12);
});
