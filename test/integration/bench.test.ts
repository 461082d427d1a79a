import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchResult } from "../../src/bench/summary";
import { writeText } from "../../src/run/atomic";
import { harmonic } from "../support/cli";
import { makePeople } from "../support/people";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** People as CSV, without missing cells. */
function writePeople(name: string, n: number, seed: number): void {
  const columns = makePeople(n, seed);
  const cell = (column: (typeof columns)[number], row: number): string =>
    column.kind === "category"
      ? (column.values[column.codes[row]!] ?? "a")
      : String("scaled" in column ? column.scaled[row] || 0 : 0);
  const lines = Array.from({ length: n }, (_, row) => columns.map((column) => cell(column, row)).join(","));
  writeFileSync(at(name), [columns.map((column) => column.name).join(","), ...lines, ""].join("\n"));
}

const BENCH = `
out: out
seeds: [1, 2]
tables:
  german: { train: train.csv, test: test.csv, holdout: holdout.csv, target: label }
methods:
  smote: { files: "{table}-{seed}.csv" }
`;

beforeAll(async () => {
  writePeople("train.csv", 120, 1);
  writePeople("test.csv", 60, 2);
  writePeople("holdout.csv", 60, 3);
  writePeople("german-1.csv", 120, 4);
  writePeople("german-2.csv", 120, 5);
  await writeText(at("bench.yaml"), BENCH);
});

test("compares methods over seeds beside the published figures, and goes on from what is finished", async () => {
  const first = await harmonic(["bench", at("bench.yaml"), "--json"]);
  expect(first.stderr).not.toContain("error");
  expect(first.code).toBe(0);
  const { figures } = JSON.parse(first.stdout.toString()) as BenchResult;
  const of = (measure: string, method: string) =>
    figures.find((figure) => figure.measure === measure && figure.method === method)!;
  expect(of("MLE", "smote")).toMatchObject({ table: "german", seeds: 2, published: 0.64 });
  expect(of("MLE", "original")).toMatchObject({ published: 0.5 });
  expect(of("MLE", "original").mean).toBeGreaterThan(0.4);
  expect(of("DCR", "smote").published).toBe(2.77);
  expect(of("DCR", "smote").mean).toBeGreaterThan(0);
  expect(of("NRS", "smote").mean).toBeGreaterThan(0.8);
  expect(of("closer to train", "smote").published).toBeNull();

  const scores = at("out/german-1.scores");
  const kept = readFileSync(scores, "utf8");
  const others = readFileSync(at("out/german-2.scores"), "utf8");
  writePeople("german-2.csv", 120, 6);
  const second = await harmonic(["bench", at("bench.yaml")]);
  expect(second.code).toBe(0);
  expect(readFileSync(scores, "utf8")).toBe(kept);
  // the table of the second seed is another, and what real rows score stays
  const added = readFileSync(at("out/german-2.scores"), "utf8").slice(others.length);
  expect(added.trim().split("\n")).toHaveLength(5);
  expect(added).not.toContain('"table":"real"');
  expect(second.stdout.toString()).toMatch(
    /^MLE +original +smote\ngerman +0\.\d\d ±0\.\d\d \[0\.50\] +0\.\d\d ±0\.\d\d \[0\.64\]\n/,
  );
  const result = JSON.parse(readFileSync(at("out/bench.json"), "utf8")) as BenchResult;
  expect(result.figures).not.toEqual(figures);
});

test("runs a method, and scores what needs its model and a base, beside the published figures", async () => {
  const base = at("base.gguf");
  writeTinyGguf(base);
  const run = `{ run: { base: ${base}, rows: 40, epochs: 1, k: 2, dlt: 20 } }`;
  const bench = BENCH.replace("[1, 2]", `[1]\nlle: ${base}`).replace("out: out", "out: run-out");
  writeFileSync(at("run.yaml"), `${bench}  harmonic: ${run}\n`);
  const { code, stdout, stderr } = await harmonic(["bench", at("run.yaml"), "--json"]);
  expect(stderr).not.toContain("error");
  expect(code).toBe(0);
  const { figures } = JSON.parse(stdout.toString()) as BenchResult;
  const of = (measure: string, method: string) =>
    figures.find((figure) => figure.measure === measure && figure.method === method)!;
  expect(of("PPL-diff", "harmonic")).toMatchObject({ mean: expect.any(Number), published: -0.16 });
  expect(of("PPL-diff, base e", "harmonic").mean).toEqual(expect.any(Number));
  expect(of("PPL-diff", "smote").mean).toBeNull();
  for (const [method, published] of [
    ["original", 0.71],
    ["smote", 0.67],
    ["harmonic", 0.64],
  ] as const) {
    expect(of("LLE", method)).toMatchObject({ mean: expect.any(Number), published });
  }
  expect(readFileSync(at("run-out/german-harmonic-1/synthetic.csv"), "utf8").split("\n")).toHaveLength(42);

  const again = await harmonic(["bench", at("run.yaml"), "--json"]);
  expect(JSON.parse(again.stdout.toString())).toEqual({ version: 1, figures });
}, 120_000);

test.each([
  ["seeds: [1, 2]", "seeds: [1, two]", /`seeds\.1`: expected number, received string/],
  ["seeds: [1, 2]", "seed: [1, 2]", /`seeds`: expected array, received undefined/],
  ["target: label", "label: label", /`tables\.german\.target`: expected string/],
  ["files:", "file:", /`methods\.smote` has an unknown key "file".*known keys there: files, run/s],
  [
    '{ files: "{table}-{seed}.csv" }',
    "{ run: { epochs: many } }",
    /`methods\.smote\.run\.epochs`: expected number/,
  ],
  [
    '{ files: "{table}-{seed}.csv" }',
    "{ run: { epoch: 3 } }",
    /`methods\.smote\.run` has an unknown key "epoch".*epochs/s,
  ],
  ["seeds: [1, 2]", "seeds: [1, 2", /at line \d+/],
  ["train.csv", "missing.csv", /missing\.csv/],
])("%s written as %s is refused", async (right, wrong, message) => {
  writeFileSync(at("wrong.yaml"), BENCH.replace("out: out", "out: other").replace(right, wrong));
  const { code, stderr } = await harmonic(["bench", at("wrong.yaml")]);
  expect(stderr).toMatch(message);
  expect(code).not.toBe(0);
});
