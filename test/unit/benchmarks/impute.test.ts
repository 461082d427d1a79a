import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { learntSchema, writeHoles } from "../../../benchmarks/impute/holes";
import { scoresOf } from "../../../benchmarks/impute/scores";
import { toColumns } from "../../../src/table/convert";
import { readTable } from "../../../src/table/read";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const linesOf = (path: string): string[] => readFileSync(path, "utf8").trim().split("\n");

it("scores cells that were held out, and them alone", async () => {
  const rows = Array.from({ length: 80 }, (_, i) => `${i % 10},${"xyz"[i % 3]}`);
  writeFileSync(at("train.csv"), `n,kind\n${rows.join("\n")}\n`);
  // Nothing can be known of a category that no row to learn has.
  writeFileSync(at("test.csv"), `n,kind\n${rows.join("\n")}\n5,strange\n`);
  const splits = { name: "made", target: "kind", holdout: "", train: at("train.csv"), test: at("test.csv") };
  const held = await writeHoles(splits, at("held"), { rows: 30, share: 0.5, seed: 1 });
  const [truth, holes] = [linesOf(held.truth), linesOf(held.holes)];
  expect([truth.length, holes.length]).toEqual([31, 31]);
  expect(holes.slice(1).every((line) => /^(\d,|,[xyz])$/.test(line))).toBe(true);

  const schema = await learntSchema(splits);
  const learnt = toColumns(await readTable(splits.train), schema);
  const score = async (line: (given: string, real: string) => string) => {
    const filled = holes.map((given, i) => (i === 0 ? given : line(given, truth[i]!)));
    writeFileSync(at("filled.csv"), filled.join("\n"));
    return scoresOf(schema, learnt, held, at("filled.csv"));
  };
  expect(await score((_, real) => real)).toEqual({ accuracy: 1, rmse: 0, mae: 0 });
  // 2.87 is the standard deviation of 0 to 9: a tenth of it is 0.287, which is not rounded to 0.
  const near = await score((given, real) => {
    const [n = "", kind] = real.split(",");
    return given.startsWith(",") ? `${Number(n) + 0.287228},${kind}` : `${n},x`;
  });
  expect(near.rmse).toBeCloseTo(0.1, 4);
  expect(near.mae).toBeCloseTo(0.1, 4);
  const hidden = holes.flatMap((given, i) => (given.endsWith(",") ? [truth[i]!.split(",")[1]] : []));
  expect(near.accuracy).toBe(hidden.filter((kind) => kind === "x").length / hidden.length);
  await expect(score((given) => given)).rejects.toThrow(/row \d+, column/);
  await expect(score(() => "9,x")).rejects.toThrow(/row \d+, column/);
});
