import { describeChoice } from "../../../src/cli/plan";
import { chooseBase, namedBase } from "../../../src/run/choose-base";
import type { Column } from "../../../src/table/columns";
import type { TableSchema } from "../../../src/table/schema";
import { makePeople, schemaOf } from "../../support/people";

const NOTHING = { preprocess: {}, train: {}, threads: 2 };

function people(n: number): { schema: TableSchema; columns: Column[] } {
  const columns = makePeople(n, 1);
  return { columns, schema: schemaOf(columns, "label") };
}

function withText(n: number): { schema: TableSchema; columns: Column[] } {
  const { schema, columns } = people(n);
  const constraints = { required: true, minLength: 1, maxLength: 20 };
  return {
    schema: {
      ...schema,
      fields: [...schema.fields, { name: "note", type: "string", missingValues: [], constraints }],
    },
    columns: [...columns, { kind: "text", name: "note", values: columns.map(() => "a text") }],
  };
}

it("takes a table model for rows without text, and says why and how long it takes", () => {
  const choice = chooseBase({ ...people(5000), ...NOTHING });
  expect(choice).toMatchObject({ name: "table", reason: "there are 5,000 rows and no free text" });
  expect(choice.seconds).toBeGreaterThan(1);
  expect(chooseBase({ ...people(5000), ...NOTHING, threads: 4 }).seconds).toBeCloseTo(choice.seconds / 2);
});

/** So many times the columns of people's. */
function wide(n: number, times: number): { schema: TableSchema; columns: Column[] } {
  const columns = Array.from({ length: times }, (_, t) =>
    makePeople(n, 1).map((column) => ({ ...column, name: `${column.name}${t}` })),
  ).flat();
  return { columns, schema: schemaOf(columns, "label0") };
}

it("counts on cells that look at hundreds before them", () => {
  const [narrow, far] = [1, 300].map((times) => {
    const { schema, columns } = wide(500, times);
    return chooseBase({ schema, columns, ...NOTHING, train: { epochs: 5, layers: 3, width: 64 } }).seconds;
  });
  expect(far! / narrow!).toBeGreaterThan(2 * 300);
});

it("takes the language model where there is text to write, or where a setting is one of its own", () => {
  const name = "smollm2-135m";
  expect(chooseBase({ ...withText(5000), ...NOTHING })).toMatchObject({
    name,
    reason: 'column "note" holds free text',
  });
  const large = people(5000);
  expect(chooseBase({ ...large, ...NOTHING, train: { rank: 8 } })).toMatchObject({
    name,
    reason: expect.stringContaining("`rank`") as string,
  });
  expect(chooseBase({ ...large, ...NOTHING, preprocess: { compat: true } }).name).toBe(name);
  expect(chooseBase({ ...large, ...NOTHING, preprocess: { k: 0 }, train: { epochs: 3 } }).name).toBe("table");
});

it("counts on a GPU for language models, and names it; table models have no use for one", () => {
  const device = { kind: "cuda", id: "CUDA0", description: "NVIDIA H100" } as const;
  const [slow, quick] = [{ kind: "cpu", description: "the processor" } as const, device].map((on) =>
    chooseBase({ ...withText(500), ...NOTHING, device: on }),
  );
  expect(quick!.seconds).toBeLessThan(slow!.seconds);
  expect(describeChoice(quick!)).toContain(" here, on NVIDIA H100;");
  expect(describeChoice(slow!)).toContain(" here;");
  const table = chooseBase({ ...people(5000), ...NOTHING, device });
  expect([table.name, table.device.kind]).toEqual(["table", "cpu"]);
});

it("names table models and leaves the choice open by names of their own", async () => {
  expect(await namedBase("table", {})).toEqual({ name: "table", path: "", sha256: "" });
  expect(await namedBase("auto", {})).toBeUndefined();
});
