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

describe("maxUses", () => {
  // A star: row 0 is the nearest neighbour of every other row, the next rows of a ring come after it.
  const nRows = 40;
  const neighbors = Int32Array.from({ length: 2 * nRows }, (_, at) => {
    const row = Math.floor(at / 2);
    return at % 2 === 0 && row > 0 ? 0 : 1 + ((row + (at % 2)) % (nRows - 1));
  });
  const uses = (maxUses?: number): { all: Int32Array[]; examples: number[] } => {
    const capped = maxUses === undefined ? {} : { maxUses };
    const star = new Curriculum({ ...options, groups: "knn", nRows, neighbors, epochs: 1, ...capped });
    const all = Array.from({ length: star.steps }, (_, step) => star.groupsOf(step)).flat();
    const examples = Array<number>(nRows).fill(0);
    for (const group of all) for (const row of group.subarray(0, -1)) examples[row]!++;
    return { all, examples };
  };

  it("shows a hub no more often than asked for", () => {
    expect(uses().examples[0]).toBe(nRows - 1);
    const { examples } = uses(3);
    expect(examples[0]).toBe(3);
    expect(Math.max(...examples)).toBeLessThanOrEqual(3);
    // What is no hub keeps its place.
    expect(examples.slice(1)).toEqual(uses().examples.slice(1));
  });

  it("leaves every row its own group", () => {
    const targets = uses(1).all.map((group) => group.at(-1)!);
    expect(targets.sort((a, b) => a - b)).toEqual([...Array(nRows).keys()]);
  });
});

describe("a curriculum with permuted columns", () => {
  const permuted = (share: number, seed = 5) =>
    new Curriculum({ ...options, seed, nRows: 4000, groups: "partition", permute: { share, nColumns: 6 } });
  const all = (curriculum: Curriculum) =>
    Array.from({ length: 200 }, (_, step) => curriculum.ordersOf(step)).flat();

  it("gives every group an order of its own, of all columns", () => {
    const orders = all(permuted(1)).map((order) => order!);
    for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    const first = new Set(orders.map((order) => order[0]));
    expect(first.size).toBe(6);
    expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(250);
  });

  it("draws orders from the seed, the epoch and the group alone", () => {
    expect(permuted(1).ordersOf(7)).toEqual(permuted(1).ordersOf(7));
    expect(permuted(1).ordersOf(7)).not.toEqual(permuted(1, 6).ordersOf(7));
    const stepsPerEpoch = Math.ceil(permuted(1).groupsPerEpoch / options.batch);
    expect(permuted(1).ordersOf(0)).not.toEqual(permuted(1).ordersOf(stepsPerEpoch));
  });

  it("leaves a share of the groups in the schema's order", () => {
    const share = all(permuted(0.25)).filter((order) => order !== undefined).length / 400;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.33);
    expect(all(permuted(0))).toEqual(Array.from({ length: 400 }, () => undefined));
  });
});
