import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadNeighbors, saveNeighbors } from "../../src/neighbors/file";
import { findNeighbors } from "../../src/neighbors/find";
import { preprocess } from "../../src/preprocess/preprocess";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { loadSchema } from "../../src/table/schema-json";
import { tableOf } from "../support/table-source";
import { temporaryFolder } from "../support/temporary";

const folder = temporaryFolder();
const mixed = join(__dirname, "..", "fixtures", "mixed.csv");

function numbers(values: number[]) {
  const table = tableOf(
    ["x", "y"],
    values.map((value, i) => [String(value), String(i % 2)]),
  );
  const schema = inferSchema(table, { target: "y" });
  return { schema, columns: toColumns(table, schema) };
}

describe("findNeighbors", () => {
  it("excludes the row itself by id, also among equal rows, and breaks ties by id", async () => {
    const { schema, columns } = numbers([0, 5, 5, 5, 9, 10]);
    expect([...(await findNeighbors(columns, schema, { k: 2, threads: 1 }))]).toEqual([
      1, 2, 2, 3, 1, 3, 1, 2, 5, 1, 4, 1,
    ]);
  });

  it("compat drops the first hit, which may be an equal row", async () => {
    const { schema, columns } = numbers([0, 5, 5, 5, 9, 10]);
    // The label counts there: rows 1 and 3 are equal, so row 3 keeps itself and drops row 1.
    const neighbors = await findNeighbors(columns, schema, { k: 1, encoding: "compat", threads: 1 });
    expect(neighbors[1]).toBe(3);
    expect(neighbors[3]).toBe(3);
  });

  it("compat searches in full where many rows are equally near", async () => {
    const { schema, columns } = numbers(Array.from({ length: 200 }, (_, i) => (i < 120 ? 1 : i)));
    const neighbors = await findNeighbors(columns, schema, { k: 3, encoding: "compat", threads: 1 });
    expect([...neighbors.subarray(50 * 3, 51 * 3)]).toEqual([2, 4, 6]);
  });

  it("refuses k out of range and tables with too few rows", async () => {
    const { schema, columns } = numbers([1, 2, 3, 4]);
    await expect(findNeighbors(columns, schema, { k: 33 })).rejects.toMatchObject({
      code: "E_USAGE",
      message: "expected an integer from 0 to 32 for `k` but received 33",
    });
    await expect(findNeighbors(columns, schema, { k: 5 })).rejects.toMatchObject({
      code: "E_INPUT",
      message: "the table has 4 rows, too few for 5 neighbours of each: expected at least 6",
      hint: "give more rows, or --k 3 or less",
    });
  });
});

it("neighbour tables are read as they were saved", async () => {
  const path = join(folder, "neighbors.arrow");
  await saveNeighbors(path, Int32Array.of(1, 2, 0, 2, 0, 1), 3, 2);
  expect(await loadNeighbors(path)).toEqual({ neighbors: Int32Array.of(1, 2, 0, 2, 0, 1), n: 3, k: 2 });
  await saveNeighbors(path, new Int32Array(0), 3, 0);
  expect(await loadNeighbors(path)).toEqual({ neighbors: new Int32Array(0), n: 3, k: 0 });
  await expect(loadNeighbors(join(folder, "no.arrow"))).rejects.toMatchObject({ code: "E_RUN" });
});

describe("preprocess", () => {
  it.each(["compact", "dict", "text"] as const)(
    "writes schema, neighbours and %s instructions",
    async (format) => {
      const out = join(folder, format);
      const steps: number[] = [];
      const result = await preprocess({
        table: mixed,
        out,
        target: "level",
        k: 3,
        format,
        description: "customers",
        onProgress: ({ done }) => steps.push(done),
      });
      expect(await loadSchema(result.files.schema!)).toEqual(result.schema);
      expect((await loadNeighbors(result.files.neighbors!)).neighbors).toEqual(result.neighbors);
      const lines = readFileSync(result.files.instructions!, "utf8").trimEnd().split("\n");
      expect(lines).toHaveLength(60);
      const first = JSON.parse(lines[0]!) as { id: string; conversations: { from: string; value: string }[] };
      expect(first.id).toBe("1");
      expect(first.conversations[0]!.value).toContain("customers");
      expect(steps).toEqual([0, 1, 2, 3]);
    },
  );

  it("takes an edited schema back", async () => {
    const { schema } = await preprocess({ table: mixed, k: 1 });
    const edited = { ...schema, fields: schema.fields.filter(({ name }) => name !== "note") };
    const { columns } = await preprocess({ table: mixed, k: 1, schema: edited, target: "level" });
    expect(columns.map(({ name }) => name)).not.toContain("note");
  });

  it("refuses what the original method cannot do", async () => {
    await expect(preprocess({ table: mixed, compat: true, k: 10 })).rejects.toMatchObject({
      code: "E_USAGE",
    });
    await expect(preprocess({ table: mixed, compat: true, format: "compact" })).rejects.toMatchObject({
      code: "E_USAGE",
    });
    await expect(preprocess({ table: mixed, compat: true })).rejects.toMatchObject({ code: "E_INPUT" });
    await expect(preprocess({ table: mixed, target: "lvl" })).rejects.toMatchObject({ code: "E_USAGE" });
  });

  it("stops at once where it is interrupted", async () => {
    await expect(preprocess({ table: mixed, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "E_ABORTED",
    });
  });
});
