import { difference, type RunIdentity } from "../../../src/run/run-file";

const base: RunIdentity = {
  inputs: { table: { name: "a.csv", sha256: "1" } },
  base: { name: "tiny", sha256: "b", path: "/tiny.gguf" },
  seed: 0,
  settings: { train: { epochs: 2, targets: ["q", "v"] } },
};

describe("difference", () => {
  it("is undefined for the same run", () => {
    expect(difference(base, structuredClone(base))).toBeUndefined();
  });

  it("does not mind where a base or a table lies", () => {
    const moved = structuredClone(base);
    moved.base!.path = "/elsewhere.gguf";
    moved.inputs.table!.name = "copy.csv";
    expect(difference(base, moved)).toBeUndefined();
  });

  it.each<[string, Partial<RunIdentity>]>([
    ["`seed` is 0 there but 1 here", { seed: 1 }],
    ["`table` a.csv has other contents now", { inputs: { table: { name: "a.csv", sha256: "2" } } }],
    ["`table` is a.csv there but b.csv here", { inputs: { table: { name: "b.csv", sha256: "2" } } }],
    [
      "it was made without `test` t.csv",
      { inputs: { ...base.inputs, test: { name: "t.csv", sha256: "3" } } },
    ],
    ["`base` is tiny there but big here", { base: { name: "big", sha256: "c", path: "/big.gguf" } }],
    ["`train.epochs` is 2 there but 3 here", { settings: { train: { epochs: 3, targets: ["q", "v"] } } }],
    [
      '`train.targets` is ["q","v"] there but ["q"] here',
      { settings: { train: { epochs: 2, targets: ["q"] } } },
    ],
    ["`train.epochs` is 2 there but null here", { settings: { train: { targets: ["q", "v"] } } }],
  ])("says: %s", (text, change) => {
    expect(difference(base, { ...base, ...change })).toBe(text);
  });

  it("compares only the stages that both know", () => {
    expect(difference(base, { ...base, settings: { sample: { rows: 3 } } })).toBeUndefined();
  });
});
