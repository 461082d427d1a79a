import { Curriculum } from "../../../src/train/curriculum";

const options = { nRows: 11, k: 2, batch: 2, epochs: 3, seed: 5 };

it("a partition shows every row once an epoch, in other groups each time", () => {
  const curriculum = new Curriculum({ ...options, groups: "partition" });
  expect(curriculum.steps).toBe(6);
  const epochs = [0, 1, 2].map((e) =>
    [0, 1].flatMap((s) => curriculum.groupsOf(2 * e + s).map((g) => [...g])),
  );
  for (const groups of epochs) expect(groups.flat().sort((a, b) => a - b)).toEqual([...Array(11).keys()]);
  expect(epochs[0]).not.toEqual(epochs[1]);
});

it("neighbour groups end with their target, each row once an epoch", () => {
  const neighbors = Int32Array.from({ length: 22 }, (_, i) => (Math.floor(i / 2) + 1 + (i % 2)) % 11);
  const curriculum = new Curriculum({ ...options, groups: "knn", neighbors });
  const targets = Array.from({ length: 6 }, (_, s) =>
    curriculum.groupsOf(s).map((group) => group[2]!),
  ).flat();
  expect(targets.sort((a, b) => a - b)).toEqual([...Array(11).keys()]);
  const [group] = curriculum.groupsOf(0);
  expect([...group!.subarray(0, 2)]).toEqual([...neighbors.subarray(group![2]! * 2, group![2]! * 2 + 2)]);
});

it("depends on the seed and the step alone", () => {
  const a = new Curriculum({ ...options, groups: "partition" });
  const b = new Curriculum({ ...options, groups: "partition" });
  a.groupsOf(5);
  expect(a.groupsOf(2)).toEqual(b.groupsOf(2));
  expect(new Curriculum({ ...options, groups: "partition", seed: 6 }).groupsOf(2)).not.toEqual(b.groupsOf(2));
});
