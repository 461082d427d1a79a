import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTables } from "../../../src/evaluate/read-tables";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const train = write("train.csv", "age,job\n31,clerk\n45,cook\n28,clerk\n");
const test_ = write("test.csv", "age,job\n52,nurse\n33,cook\n");

const read = (text: string): ReturnType<typeof readTables> =>
  readTables({ train, test: test_, synthetic: [{ name: "mine", path: write("mine.csv", text) }] });

test("all tables share the schema of the real ones together; synthetic columns may come in any order", async () => {
  const tables = await read("job,age\nnurse,90\ncook,7\n");
  expect(tables.schema.fields.map(({ name }) => name)).toEqual(["age", "job"]);
  const [age, job] = tables.synthetic[0]!.columns;
  expect(age).toMatchObject({ kind: "number", scaled: Float64Array.of(90, 7) });
  expect(job).toMatchObject({ kind: "category", values: ["clerk", "cook", "nurse"] });
});

test.each([
  ["a missing column", "age,jobb\n1,cook\n", /mine\.csv has no column "job", .*did you mean "jobb"/],
  [
    "an extra column",
    "age,job,pay\n1,cook,2\n",
    /mine\.csv has a column "pay", which .*train\.csv does not have/,
  ],
  [
    "an unknown category",
    "age,job\n1,cook\n2,coook\n",
    /mine\.csv: row 2, column "job": "coook" is no value .*did you mean "cook"/,
  ],
  ["a text among numbers", "age,job\nold,cook\n", /mine\.csv: row 1, column "age": "old" is not a number/],
])("%s of a synthetic table is refused", async (_, text, message) => {
  await expect(read(text)).rejects.toMatchObject({
    code: "E_INPUT",
    message: expect.stringMatching(message),
  });
});

test("real tables of different columns are refused", async () => {
  const other = write("other.csv", "age\n1\n");
  await expect(readTables({ train, test: other, synthetic: [] })).rejects.toMatchObject({
    code: "E_INPUT",
    message: expect.stringMatching(/other\.csv has no column "job", which .*train\.csv has/),
  });
});
