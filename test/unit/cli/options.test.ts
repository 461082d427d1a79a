import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { choice, flag, integer, list, readOptions, real, text } from "../../../src/cli/options";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const SPECS = {
  target: text("--target <column>", ""),
  rows: integer("--rows <n>", "", { min: 1 }),
  k: integer("--k <n>", "", { min: 0, max: 32 }),
  learningRate: real("--learning-rate <x>", "", { above: 0, max: 1 }),
  format: choice("--format <name>", "", ["compact", "dict"]),
  targets: list("--targets <names>", "", ["q", "v"]),
  compat: flag("--compat", ""),
};

const config = (value: unknown): string => {
  const path = join(folder, "config.json");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
};

describe("readOptions", () => {
  it("turns texts into what the options are", async () => {
    const given = { target: "y", rows: "10", learningRate: "1e-3", targets: "q, v", compat: true };
    expect(await readOptions(given, SPECS)).toEqual({
      ...given,
      rows: 10,
      learningRate: 0.001,
      targets: ["q", "v"],
    });
  });

  it("takes a config file, the command line over it", async () => {
    const path = config({ rows: 5, format: "dict", targets: ["q"] });
    expect(await readOptions({ config: path, rows: "6" }, SPECS)).toEqual({
      rows: 6,
      format: "dict",
      targets: ["q"],
    });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ rows: "0" }, "expected an integer of at least 1 for `rows` but received 0 of type number"],
    [{ rows: "many" }, 'expected an integer of at least 1 for `rows` but received "many" of type string'],
    [{ rows: "1.5" }, "expected an integer of at least 1 for `rows` but received 1.5 of type number"],
    [
      { rows: "Infinity" },
      'expected an integer of at least 1 for `rows` but received "Infinity" of type string',
    ],
    [{ k: "33" }, "expected an integer from 0 to 32 for `k` but received 33 of type number"],
    [
      { learningRate: "0" },
      "expected a number above 0 and of at most 1 for `learningRate` but received 0 of type number",
    ],
    [{ format: "xml" }, 'expected one of "compact", "dict" for `format` but received "xml" of type string'],
    [{ targets: "q,w" }, 'expected a list of "q", "v" for `targets` but received ["q","w"] of type array'],
    [{ target: "" }, 'expected a text for `target` but received "" of type string'],
  ])("refuses %j", async (given, message) => {
    await expect(readOptions(given, SPECS)).rejects.toMatchObject({ code: "E_USAGE", message });
  });

  it("names the file and the option of a wrong config", async () => {
    const path = config({ rows: "7" });
    await expect(readOptions({ config: path }, SPECS)).rejects.toMatchObject({
      code: "E_USAGE",
      message: `${path}: expected an integer of at least 1 for \`rows\` but received "7" of type string`,
    });
  });

  it("refuses an unknown option of a config and suggests one", async () => {
    const path = config({ row: 7 });
    await expect(readOptions({ config: path }, SPECS)).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("unknown option `row`"),
      hint: expect.stringContaining("rows"),
    });
  });

  it.each<[unknown, string]>([
    ["{ rows: 1 }", "is not JSON"],
    [[1], "expected a JSON object of options"],
  ])("refuses a config of %j", async (value, message) => {
    await expect(readOptions({ config: config(value) }, SPECS)).rejects.toMatchObject({
      code: "E_INPUT",
      message: expect.stringContaining(message),
    });
  });

  it("says that a config file is missing", async () => {
    await expect(readOptions({ config: join(folder, "none.json") }, SPECS)).rejects.toMatchObject({
      code: "E_IO",
      message: expect.stringContaining("no such file"),
    });
  });
});
