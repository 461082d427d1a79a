import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openGenerator } from "../../src";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const dir = join(root, "run");
const at = (name: string) => join(root, name);

async function succeed(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await harmonic([...argv, "--quiet"]);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout.toString();
}
const sample = (out: string, ...more: string[]) =>
  succeed("sample", dir, "--rows", "600", "--threads", "1", "--out", at(out), ...more);

beforeAll(async () => {
  writeTinyGguf(base);
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 3) % 11}.5,${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(at("table.csv"), `a,b,y\n${rows.join("")}`);
  const run = [
    "run",
    at("table.csv"),
    "--target",
    "y",
    "--base",
    base,
    "--out",
    dir,
    "--rows",
    "40",
    "--explain",
  ];
  await succeed(...run, "--epochs", "1", "--rank", "4", "--k", "2", "--threads", "1");
});

it("explains the rows of a run, and tells in the report where the model is weak", () => {
  const { stages } = JSON.parse(readFileSync(join(dir, "run.json"), "utf8"));
  expect(stages.sample.outputs).toEqual(["synthetic.csv", "explanations.parquet"]);
  expect(Object.keys(stages.sample.result.allowedMass).sort()).toEqual(["a", "b", "y"]);
  for (const mass of Object.values(stages.sample.result.allowedMass)) {
    expect(mass).toBeGreaterThan(0);
    expect(mass).toBeLessThanOrEqual(1);
  }
  expect(readFileSync(join(dir, "report.html"), "utf8")).toContain("Drawn again for 40 rows");
});

it("joins shards, and a folder of parts, to the file of one run", async () => {
  await sample("whole.csv");
  for (const i of [1, 2, 3]) await sample(`shard-${i}.csv`, "--shard", `${i}/3`);
  await succeed("merge", at("shard-1.csv"), at("shard-2.csv"), at("shard-3.csv"), "--out", at("merged.csv"));
  expect(readFileSync(at("merged.csv")).equals(readFileSync(at("whole.csv")))).toBe(true);

  await sample("parts/", "--format", "csv", "--part-rows", "300");
  expect(readdirSync(at("parts"))).toEqual(["part-00000.csv", "part-00001.csv", "part-00002.csv"]);
  await succeed("merge", at("parts"), "--out", at("joined.csv"));
  expect(readFileSync(at("joined.csv")).equals(readFileSync(at("whole.csv")))).toBe(true);
});

it("streams the same rows from the library", async () => {
  const generator = await openGenerator({ directory: dir, threads: 1 });
  const sizes: number[] = [];
  for await (const batch of generator.sample({ rows: 600 })) sizes.push(batch.numRows);
  expect(sizes).toEqual([256, 256, 88]);
  for await (const batch of generator.sample({ rows: 1e9 })) {
    expect(batch.numRows).toBe(256);
    break;
  }
  generator.close();
});

it("takes temperatures of columns, and refuses what is none", async () => {
  await sample("cold.csv", "--temperature", "0.9", "--temperature", "y=0", "--allow-copies");
  const refused = await harmonic(["sample", dir, "--out", at("x.csv"), "--temperature", "y=warm"]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('received "y=warm"') as string });
  expect((await harmonic(["sample", dir, "--out", at("x.csv"), "--shard", "4/3"])).code).toBe(2);
  expect(existsSync(at("x.csv"))).toBe(false);
});
