import { readFileSync } from "node:fs";
import { join } from "node:path";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

/** 344 penguins of three species, with missing cells of numbers and of categories. */
const PENGUINS = join(__dirname, "../../node_modules/vega-datasets/data/penguins.json");
const root = temporaryFolder();
const base = join(root, "tiny.gguf");

type Row = Record<string, string | number | null>;

it("keeps the types, values and ranges of real penguins, missing ones among them", async () => {
  writeTinyGguf(base);
  const out = join(root, "penguins");
  const training = ["--epochs", "1", "--rank", "4", "--k", "3", "--threads", "1"];
  const run = [
    "run",
    PENGUINS,
    "--target",
    "Species",
    "--base",
    base,
    "--out",
    out,
    "--rows",
    "200",
    "--quiet",
  ];
  expect(await harmonic([...run, ...training])).toMatchObject({ code: 0, stderr: "" });
  const file = join(root, "rows.jsonl");
  expect((await harmonic(["sample", out, "--rows", "300", "--out", file, "--quiet"])).code).toBe(0);

  const real = JSON.parse(readFileSync(PENGUINS, "utf8")) as Row[];
  const synthetic = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
  expect(synthetic).toHaveLength(300);
  for (const name of Object.keys(real[0]!)) {
    const seen = real.map((row) => row[name]);
    const drawn = synthetic.map((row) => row[name]);
    const numbers = seen.filter((value) => typeof value === "number");
    if (numbers.length > 0) {
      const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
      const allowed = (value: unknown) =>
        value === null ? seen.includes(null) : typeof value === "number" && value >= low && value <= high;
      expect(drawn.filter((value) => !allowed(value))).toEqual([]);
    } else {
      expect(drawn.filter((value) => !seen.includes(value))).toEqual([]);
    }
  }
  expect(new Set(synthetic.map((row) => row.Species)).size).toBe(3);
});
