import { Random } from "../../../src/random";
import { splitTable } from "../../../src/run/split";
import type { Column } from "../../../src/table/columns";

function classes(counts: number[]): Column[] {
  const codes = Int32Array.from(counts.flatMap((n, c) => Array.from({ length: n }, () => c)));
  return [{ kind: "category", name: "y", values: counts.map(String), codes }];
}

const options = { target: "y", test: 0.2, holdout: 0.1 };

describe("splitTable", () => {
  it("puts every row into one part, in ascending order", () => {
    const split = splitTable(classes([60, 40]), { ...options, random: new Random(1) });
    const all = [...split.train, ...split.test, ...split.holdout].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 100 }, (_, i) => i));
    for (const part of Object.values(split) as Int32Array[])
      expect([...part]).toEqual([...part].sort((a, b) => a - b));
  });

  it("keeps the shares of the parts and, in each, of the classes", () => {
    const split = splitTable(classes([600, 300, 100]), { ...options, random: new Random(7) });
    expect([split.train.length, split.test.length, split.holdout.length]).toEqual([700, 200, 100]);
    const inTest = [0, 600, 900].map((from, c) => {
      const to = [600, 900, 1000][c]!;
      return split.test.filter((id) => id >= from && id < to).length;
    });
    [120, 60, 20].forEach((wanted, c) => expect(Math.abs(inTest[c]! - wanted)).toBeLessThanOrEqual(1));
  });

  it("splits a number by its rank, missing values apart", () => {
    const scaled = Float64Array.from({ length: 1000 }, (_, i) => (i < 100 ? NaN : i));
    const columns: Column[] = [{ kind: "number", name: "y", decimals: 0, scaled }];
    const { test } = splitTable(columns, { ...options, random: new Random(2) });
    expect(test.filter((id) => id < 100).length).toBe(20);
    expect(Math.abs(test.filter((id) => id >= 910).length - 18)).toBeLessThanOrEqual(1);
  });

  it("depends on the seed alone", () => {
    const split = (seed: number) => [
      ...splitTable(classes([50]), { ...options, random: new Random(seed) }).test,
    ];
    expect(split(3)).toEqual(split(3));
    expect(split(3)).not.toEqual(split(4));
  });

  it("leaves parts empty that are not wanted", () => {
    const split = splitTable(classes([10]), { test: 0, holdout: 0, random: new Random(0) });
    expect([split.train.length, split.test.length, split.holdout.length]).toEqual([10, 0, 0]);
  });
});
