import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const TABLE = join(__dirname, "../fixtures/mixed.csv");
// Without a look at the holdout, the adapter does not depend on there being one.
const ADAPTER = ["--epochs", "2", "--rank", "4", "--seed", "5", "--threads", "1"];
const TRAINING = [...ADAPTER, "--k", "2"];
const command = (out: string, ...more: string[]) => [
  ...["run", TABLE, "--target", "level", "--base", base, "--rows", "40", "--dlt", "0"],
  ...["--out", join(root, out)],
  ...TRAINING,
  ...more,
];
const read = (...path: string[]) => readFileSync(join(root, ...path));
/** The result of a command that must succeed. */
async function succeed(argv: string[]): Promise<Buffer> {
  const { code, stdout, stderr } = await harmonic(argv);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout;
}

beforeAll(async () => {
  writeTinyGguf(base);
  await succeed(command("first", "--quiet"));
});

describe("harmonic run", () => {
  it("leaves a synthetic table of the same columns, its scores and all that led to them", () => {
    const header = (text: Buffer) => text.toString().split("\n")[0];
    expect(header(read("first", "synthetic.csv"))).toBe(header(readFileSync(TABLE)));
    const run = JSON.parse(read("first", "run.json").toString());
    expect(Object.values(run.stages).map((stage) => (stage as { state: string }).state)).toEqual(
      Array(5).fill("done"),
    );
    expect(run).toMatchObject({
      name: "mixed",
      seed: 5,
      base: { path: base },
      settings: { train: { epochs: 2 } },
    });
    const metrics = JSON.parse(read("first", "metrics.json").toString());
    expect(metrics.metrics.length).toBeGreaterThan(3);
    expect(read("first", "report.html").toString()).toContain("<!doctype html>");
  });

  it("gives the same bytes for the same seed and settings", async () => {
    await succeed(command("second", "--quiet"));
    for (const file of ["train.csv", "neighbors.arrow", "adapter.gguf", "synthetic.csv", "metrics.json"]) {
      expect(read("second", file).equals(read("first", file))).toBe(true);
    }
    await succeed([...command("other"), "--seed", "6", "--quiet"]);
    expect(read("other", "synthetic.csv").equals(read("first", "synthetic.csv"))).toBe(false);
  });

  it("gives the same bytes stage by stage", async () => {
    const part = (name: string) => join(root, "first", name);
    const dir = join(root, "stages");
    const schema = ["--schema", part("schema.json")];
    await succeed(["preprocess", part("train.csv"), "--out", dir, "--k", "2", ...schema, "--quiet"]);
    expect(read("stages", "neighbors.arrow").equals(read("first", "neighbors.arrow"))).toBe(true);
    await succeed(["train", dir, "--base", base, ...ADAPTER, "--quiet"]);
    expect(read("stages", "adapter.gguf").equals(read("first", "adapter.gguf"))).toBe(true);
    const rows = join(root, "rows.csv");
    await succeed(["sample", dir, "--rows", "40", "--threads", "1", "--out", rows, "--quiet"]);
    expect(read("rows.csv").equals(read("first", "synthetic.csv"))).toBe(true);
    const tables = [
      "--train",
      part("train.csv"),
      "--test",
      part("test.csv"),
      "--holdout",
      part("holdout.csv"),
    ];
    const synthetic = ["--synthetic", `harmonic=${rows}`, "--metrics", join(root, "metrics.json")];
    await succeed(["evaluate", ...tables, ...synthetic, ...schema, "--seed", "5", "--quiet"]);
    expect(read("metrics.json").equals(read("first", "metrics.json"))).toBe(true);
  });

  it("does nothing again that is done, and prints the same", async () => {
    const before = statSync(join(root, "first", "synthetic.csv")).mtimeMs;
    const result = await harmonic(command("first", "--json"));
    expect(result).toMatchObject({ code: 0, stderr: "" });
    const printed = JSON.parse(result.stdout.toString());
    expect(printed.files.synthetic).toBe(join(root, "first", "synthetic.csv"));
    expect(printed.evaluation).toEqual(JSON.parse(read("first", "metrics.json").toString()));
    expect(statSync(join(root, "first", "synthetic.csv")).mtimeMs).toBe(before);
  });

  it.each(["train: ", "sample: "])("goes on after an interruption at %s", async (message) => {
    const out = `interrupted-${message.slice(0, 5)}`;
    const abort = new AbortController();
    const onStderr = (text: string) => {
      if (text.includes(message)) abort.abort();
    };
    const first = await harmonic(command(out), { signal: abort.signal, onStderr });
    expect(first.code).toBe(130);
    expect(first.stderr).toContain("hint: run the same command again to go on from where it stopped");
    await succeed(command(out, "--quiet"));
    for (const file of ["adapter.gguf", "synthetic.csv"]) {
      expect(read(out, file).equals(read("first", file))).toBe(true);
    }
  });

  it("says before training what will be done, and keeps stdout for the result", async () => {
    const { code, stderr, stdout } = await harmonic(command("loud"));
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^train: 2 epochs of \d+ rows, \d+ steps, [\d,]+ tokens, [\d,]+ parameters, up to .+ of memory, about .+ here$/m,
    );
    expect(stdout.toString()).toContain(join(root, "loud", "synthetic.csv"));
    expect(stdout.toString()).not.toMatch(/^train:/m);
  });

  it("takes test and holdout rows that are given, and options from a file", async () => {
    const given = join(root, "given");
    mkdirSync(given);
    for (const part of ["train", "test", "holdout"]) {
      copyFileSync(join(root, "first", `${part}.csv`), join(given, `${part}.csv`));
    }
    const config = join(given, "config.json");
    writeFileSync(config, JSON.stringify({ target: "level", rows: 8, epochs: 1, rank: 4, k: 2, base }));
    const parts = ["--test", join(given, "test.csv"), "--holdout", join(given, "holdout.csv")];
    const out = join(root, "given-run");
    await succeed(["run", join(given, "train.csv"), ...parts, "--config", config, "--out", out, "--quiet"]);
    expect(read("given-run", "train.csv").equals(read("first", "train.csv"))).toBe(true);
    expect(read("given-run", "test.csv").equals(read("first", "test.csv"))).toBe(true);
  });
});

it("draws alike in run and sample as the original does it", async () => {
  const dir = join(root, "compat");
  const table = join(root, "numbers.csv");
  const rows = Array.from({ length: 30 }, (_, i) => `${i % 7}.0,${(i * 3) % 11}.5,${i % 2}\n`);
  writeFileSync(table, `a,b,y\n${rows.join("")}`);
  const compat = ["--compat", "--filter", "0", "--k", "3", "--epochs", "1", "--rank", "4", "--threads", "1"];
  await succeed(["run", table, "--base", base, "--out", dir, "--rows", "6", ...compat, "--quiet"]);
  const run = JSON.parse(read("compat", "run.json").toString());
  expect(run.settings).toMatchObject({ preprocess: { format: "dict" }, sample: { prompt: "random" } });
  const out = join(root, "compat.csv");
  await succeed(["sample", dir, "--threads", "1", "--out", out, "--quiet"]);
  expect(read("compat.csv").equals(read("compat", "synthetic.csv"))).toBe(true);
});

it("takes a preset, what is given beside it winning, and notes what came of it", async () => {
  const dir = join(root, "preset");
  const preset = ["--preset", "harmonic-paper"];
  const adapter = ["--rank", "4", "--rslora", "--threads", "1"];
  await succeed(["preprocess", TABLE, "--target", "level", "--out", dir, ...preset, "--k", "2", "--quiet"]);
  await succeed(["train", dir, "--base", base, ...preset, ...adapter, "--quiet"]);
  const { settings } = JSON.parse(read("preset", "run.json").toString());
  expect(settings).toMatchObject({
    preprocess: { format: "dict", k: 2 },
    train: { rank: 4, alpha: 32, rslora: true, batch: 16, epochs: 1, groups: "knn", vocabulary: "full" },
  });
});

describe("harmonic sample", () => {
  it("writes an Arrow stream to standard output", async () => {
    const stdout = await succeed(["sample", join(root, "first"), "--rows", "7", "--out", "-"]);
    const table = tableFromIPC(stdout);
    expect(table.numRows).toBe(7);
    expect(table.schema.fields.map(({ name }) => name)).toContain("level");
  });

  it.each(["csv", "jsonl", "parquet", "arrow"])("writes %s", async (format) => {
    const out = join(root, `rows.${format}`);
    await succeed(["sample", join(root, "first"), "--rows", "3", "--out", out, "--quiet"]);
    expect(statSync(out).size).toBeGreaterThan(0);
  });
});
