import type { Lesson } from "../../../src/train/lesson";
import { packLessons } from "../../../src/train/pack";

const lesson = (length: number, positions: number[]): Lesson => ({
  tokens: Int32Array.from({ length }, (_, i) => 100 * length + i),
  lossPositions: Int32Array.from(positions),
  labels: Int32Array.from(positions, (p) => p + 1),
  sets: Int32Array.from(positions, () => 0),
  columns: Int32Array.from(positions, () => 0),
  nRows: 1,
});

it("packs whole lessons without padding and moves their loss positions along", () => {
  const [first, second, ...rest] = packLessons([lesson(4, [1, 2]), lesson(3, [0]), lesson(5, [3])], 8);
  expect(rest).toEqual([]);
  expect([...first!.tokens]).toEqual([400, 401, 402, 403, 300, 301, 302]);
  expect([...first!.groupOffsets]).toEqual([0, 4, 7]);
  expect([...first!.lossPositions]).toEqual([1, 2, 4]);
  expect([...first!.labels]).toEqual([2, 3, 1]);
  expect([...second!.groupOffsets]).toEqual([0, 5]);
});

it("counts lessons as long as the longest of their batch where they are padded", () => {
  const lengths = (padded: boolean, ...all: number[]): number[][] =>
    packLessons(
      all.map((length) => lesson(length, [0])),
      12,
      { padded },
    ).map(({ groupOffsets }) => [...groupOffsets].slice(1).map((end, i) => end - groupOffsets[i]!));
  expect(lengths(false, 3, 4, 5, 3, 14, 2)).toEqual([[3, 4, 5], [3], [14], [2]]);
  expect(lengths(true, 3, 4, 5, 3, 14, 2)).toEqual([[3, 4], [5, 3], [14], [2]]);
});

it("weighs every position of the step the same", () => {
  const batches = packLessons([lesson(4, [1, 2]), lesson(3, [0]), lesson(5, [3])], 4);
  expect(batches).toHaveLength(3);
  for (const { weights } of batches) for (const weight of weights) expect(weight).toBeCloseTo(0.25, 6);
});

it("gives a lesson longer than a batch one of its own, and leaves out what has nothing to predict", () => {
  expect(packLessons([lesson(9, [2]), lesson(2, [])], 4).map(({ tokens }) => tokens.length)).toEqual([9]);
});

it("gives every lesson its own dropout seed, however it is packed", () => {
  const lessons = [lesson(4, [1]), lesson(2, []), lesson(3, [0]), lesson(5, [3])];
  const batches = packLessons(lessons, 8, { dropoutSeeds: BigUint64Array.of(1n, 2n, 3n, 4n) });
  expect(batches.map(({ dropoutSeeds }) => [...dropoutSeeds!])).toEqual([[1n, 3n], [4n]]);
});
