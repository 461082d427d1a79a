import { filterByLabel, filterCompat } from "../../../src/instruct/filter";
import { neighborGroups, partitionGroups } from "../../../src/instruct/groups";
import { Random } from "../../../src/random";
import type { Column } from "../../../src/table/columns";
import { toColumns } from "../../../src/table/convert";
import { inferSchema } from "../../../src/table/infer";
import type { TableSchema } from "../../../src/table/schema";
import { columnOf } from "../../support/table-source";

it("neighborGroups puts the target last", () => {
  const neighbors = Int32Array.of(1, 2, 2, 0, 1, 0);
  expect(neighborGroups(neighbors, 2, 3)).toEqual([
    Int32Array.of(1, 2, 0),
    Int32Array.of(2, 0, 1),
    Int32Array.of(1, 0, 2),
  ]);
  expect(neighborGroups(neighbors, 2, 3, [2])).toEqual([Int32Array.of(1, 0, 2)]);
  expect(neighborGroups(new Int32Array(0), 0, 2)).toEqual([Int32Array.of(0), Int32Array.of(1)]);
});

describe("partitionGroups", () => {
  it.each([
    [491, 8],
    [10, 3],
    [5, 8],
    [8, 8],
  ])("puts each of %i rows in one group of at most %i", (n, size) => {
    const groups = partitionGroups(n, size, new Random(1));
    const lengths = groups.map((group) => group.length);
    expect(groups).toHaveLength(Math.ceil(n / size));
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(size);
    const all = groups.flatMap((group) => [...group]).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it("depends on the seed", () => {
    expect(partitionGroups(50, 8, new Random(1))).toEqual(partitionGroups(50, 8, new Random(1)));
    expect(partitionGroups(50, 8, new Random(1))).not.toEqual(partitionGroups(50, 8, new Random(2)));
  });
});

/** A table of labels and the neighbours of each row by position: the k rows that follow it, in a ring. */
function ring(
  labels: string[],
  k: number,
): { columns: Column[]; schema: TableSchema; neighbors: Int32Array } {
  const table = columnOf(labels);
  const schema = inferSchema(table, { target: "x" });
  const neighbors = Int32Array.from({ length: labels.length * k }, (_, at) => {
    return (Math.floor(at / k) + 1 + (at % k)) % labels.length;
  });
  return { columns: toColumns(table, schema), schema, neighbors };
}

describe("filterByLabel", () => {
  it("keeps rows with more than `minimum` agreeing neighbours, of any number of classes", () => {
    const { columns, schema, neighbors } = ring(["a", "a", "a", "b", "b", "b", "c", "c", "c"], 2);
    const result = filterByLabel(columns, schema, neighbors, { k: 2, minimum: 1 });
    expect(result).toEqual({ kept: Int32Array.of(0, 3, 6), nDropped: 6, priorChange: 0 });
  });

  it("brings rows back where a class would lose too much of its share", () => {
    const labels = [
      ...new Array<string>(30).fill("a"),
      ...["b", "a", "b", "a", "b", "a", "b", "a", "b", "a"],
    ];
    const { columns, schema, neighbors } = ring(labels, 2);
    const unbounded = filterByLabel(columns, schema, neighbors, { k: 2, minimum: 1, priorBound: 1 });
    expect(unbounded.priorChange).toBeCloseTo(5 / 40);
    const bounded = filterByLabel(columns, schema, neighbors, { k: 2, minimum: 1, priorBound: 0.05 });
    expect(bounded.priorChange).toBeLessThanOrEqual(0.05);
    expect(bounded.kept.length).toBeGreaterThan(unbounded.kept.length);
  });

  it("keeps something even where no row has enough agreeing neighbours", () => {
    const { columns, schema, neighbors } = ring(["a", "b", "a", "b"], 1);
    const { kept, priorChange } = filterByLabel(columns, schema, neighbors, { k: 1, minimum: 0 });
    expect(kept.length).toBeGreaterThan(0);
    expect(priorChange).toBeLessThanOrEqual(0.05);
  });

  it("needs classes", () => {
    const { columns, schema, neighbors } = ring(["1.5", "2", "3"], 1);
    expect(() => filterByLabel(columns, schema, neighbors, { k: 1, minimum: 0 })).toThrow(
      'the label filter needs classes, but the target "x" is a number',
    );
  });
});

it("filterCompat keeps by the sum of labels and drops labels other than 0 and 1", () => {
  const { columns, schema, neighbors } = ring(["0", "0", "1", "1", "1", "2", "0"], 2);
  // sums of the next two: 1, 2, 2, 3, 2, 0, 0
  expect([...filterCompat(columns, schema, neighbors, { k: 2, minimum: 1 }).kept]).toEqual([2, 3, 4, 6]);
});
