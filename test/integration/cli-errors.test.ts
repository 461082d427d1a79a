import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
let count = 0;

/** A file of the test, with these bytes. */
function file(name: string, content: string | Buffer): string {
  const path = join(root, `${count++}-${name}`);
  writeFileSync(path, content);
  return path;
}

const rows = (n: number, row: (i: number) => string) =>
  Array.from({ length: n }, (_, i) => `${row(i)}\n`).join("");
const GOOD = `a,b,y\n${rows(40, (i) => `${i % 7},${(i * 3) % 11}.5,${i % 2 ? "yes" : "no"}`)}`;
const FAST = ["--epochs", "0.2", "--rank", "4", "--k", "2", "--rows", "5", "--threads", "1", "--quiet"];
const run = (table: string, ...more: string[]) => {
  const out = join(root, `out-${count++}`);
  return { out, argv: ["run", table, "--base", base, "--out", out, ...FAST, ...more] };
};

/** Asserts one clear error: its exit code, its message, no stack trace, nothing on stdout. */
async function expectError(argv: string[], code: number, message: RegExp): Promise<string> {
  const result = await harmonic(argv);
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(/^error: [^\n]+\n(hint: [^\n]+\n)?$/);
  expect(result.code).toBe(code);
  expect(result.stdout.toString()).toBe("");
  return result.stderr;
}

let trained: string;

beforeAll(async () => {
  writeTinyGguf(base);
  const { out, argv } = run(file("good.csv", GOOD), "--target", "y");
  const result = await harmonic(argv);
  if (result.code !== 0) throw new Error(result.stderr);
  trained = out;
});

describe("a bad table", () => {
  it.each<[string, string | Buffer, RegExp]>([
    ["an empty file", "", /empty\.csv is empty: expected a header line and rows/],
    ["a header alone", "a,b,y\n", /has a header but no rows/],
    ["a ragged row", GOOD + "1,2\n", /(line|row) 4[12].*(2|3) (cells|values|columns)/],
    ["duplicate column names", "a,b,a\n1,2,3\n", /column.*"a"/],
    ["a column without a name", "a,,y\n1,2,3\n", /column 2 has no name/],
    ["bytes that are not UTF-8", Buffer.from("a,y\ncaf\xe9,1\n", "latin1"), /UTF-8/],
    ["infinities", `a,y\n${rows(9, (i) => `${i === 4 ? "inf" : i}.5,1`)}`.replace("inf.5", "inf"), /inf/i],
    ["fewer rows than k", "a,y\n1,2\n3,4\n", /the table has \d rows, too few for 2 neighbours/],
  ])("of %s is refused and leaves no folder", async (_name, content, message) => {
    const { out, argv } = run(file("empty.csv", content));
    await expectError(argv, 1, message);
    expect(existsSync(out)).toBe(false);
  });

  it("that is missing, a folder, or of an unknown kind is refused", async () => {
    await expectError(run(join(root, "none.csv")).argv, 1, /none\.csv: no such file/);
    await expectError(run(root).argv, 1, /is a folder: expected a table file/);
    await expectError(run(file("table.xlsx", "PK")).argv, 1, /unknown extension "\.xlsx"/);
  });

  it("of one value in a column, or with NaN, goes through", async () => {
    const table = `a,one,y\n${rows(40, (i) => `${i === 3 ? "NaN" : i % 9},same,${i % 2}`)}`;
    const { out, argv } = run(file("constant.csv", table), "--target", "y");
    expect(await harmonic(argv)).toMatchObject({ code: 0, stderr: "" });
    const [header, ...lines] = readFileSync(join(out, "synthetic.csv"), "utf8").trim().split("\n");
    expect(header).toBe("a,one,y");
    for (const line of lines) expect(line).toMatch(/^([0-8]|NaN),same,[01]$/);
  });
});

describe("a wrong option", () => {
  it.each<[string[], RegExp]>([
    [["--rows", "0"], /expected an integer of at least 1 for `rows` but received 0/],
    [["--target", "z"], /expected a column of .* for `target` but received "z"/],
    [["--k", "99"], /expected an integer from 0 to 32 for `k` but received 99/],
    [["--seed", "-1"], /expected an integer of at least 0 for `seed` but received -1/],
    [["--epochs", "NaN"], /expected a number above 0 .* for `epochs` but received "NaN"/],
    [["--format", "xml"], /expected one of "compact", "dict", "text" for `format` but received "xml"/],
    [["--frobnicate"], /unknown option '--frobnicate'/],
  ])("%j has exit code 2", async (options, message) => {
    const { out, argv } = run(file("good.csv", GOOD), ...options);
    const result = await harmonic(argv);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });

  it("or a wrong command, or none, has exit code 2", async () => {
    expect((await harmonic(["frob"])).code).toBe(2);
    expect((await harmonic(["run"])).code).toBe(2);
    expect((await harmonic([])).code).toBe(2);
    expect((await harmonic(["evaluate"])).code).toBe(2);
    expect((await harmonic(["sample", trained])).code).toBe(2);
  });

  it("is not --help or --version", async () => {
    expect(await harmonic(["--help"])).toMatchObject({ code: 0, stderr: "" });
    expect((await harmonic(["--version"])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a bad base model", () => {
  const table = () => file("good.csv", GOOD);
  const truncated = () => file("truncated.gguf", readFileSync(base).subarray(0, 60_000));

  it.each<[string, () => string, RegExp]>([
    ["missing", () => "no-such-model", /the base model no-such-model does not exist/],
    ["not a GGUF", () => file("text.gguf", "once upon a time"), /is not a GGUF/],
    ["truncated", truncated, /truncated\.gguf/],
    [
      "corrupt",
      () => file("corrupt.gguf", Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(500, 255)])),
      /corrupt\.gguf/,
    ],
    ["an adapter", () => join(trained, "adapter.gguf"), /adapter/],
  ])("that is %s is refused", async (_name, path, message) => {
    const { out, argv } = run(table(), "--base", path());
    await expectError(argv, 1, message);
    expect(existsSync(out)).toBe(false);
  });

  it("of an architecture that cannot be trained is refused by name", async () => {
    const path = join(root, "internlm2.gguf");
    writeTinyGguf(path, { architecture: "internlm2", tied: false });
    const { out, argv } = run(table(), "--base", path);
    await expectError(argv, 1, /cannot be trained: its architecture is "internlm2"/);
    expect(existsSync(out)).toBe(false);
  });
});

describe("a bad run folder", () => {
  it("of another run is refused with the difference, and keeps what it has", async () => {
    const before = readFileSync(join(trained, "run.json"), "utf8");
    const argv = ["run", file("good.csv", GOOD), "--base", base, "--out", trained, ...FAST, "--target", "y"];
    await expectError([...argv, "--seed", "9"], 1, /holds another run: `seed` is 0 there but 9 here/);
    const other = ["run", file("other.csv", GOOD + "1,2.5,no\n"), ...argv.slice(2)];
    await expectError(other, 1, /holds another run: `table` is .*good\.csv there but .*other\.csv here/);
    expect(readFileSync(join(trained, "run.json"), "utf8")).toBe(before);
  });

  it("is refused where it is none, or holds other files", async () => {
    await expectError(["train", root, "--quiet"], 1, /is no run folder: expected run\.json in it/);
    await expectError(["sample", join(root, "nowhere"), "--out", "-"], 1, /is no run folder/);
    const other = join(root, "other-files");
    mkdirSync(other);
    writeFileSync(join(other, "notes.txt"), "");
    await expectError(run(file("good.csv", GOOD), "--out", other).argv, 1, /is not empty and holds no run/);
  });

  it("without an adapter is refused by sample", async () => {
    const out = join(root, "untrained");
    await harmonic(["preprocess", file("good.csv", GOOD), "--out", out, "--k", "2", "--quiet"]);
    await expectError(["sample", out, "--out", join(root, "x.csv")], 1, /has no trained adapter yet/);
  });

  /** A copy of the trained folder whose adapter is another. */
  const withAdapter = (adapter: Buffer): string => {
    const copy = join(root, `copy-${count++}`);
    mkdirSync(copy);
    for (const name of readdirSync(trained)) copyFileSync(join(trained, name), join(copy, name));
    writeFileSync(join(copy, "adapter.gguf"), adapter);
    return copy;
  };

  it("whose adapter is truncated, corrupt or of another base is refused", async () => {
    const adapter = readFileSync(join(trained, "adapter.gguf"));
    const sample = (dir: string) => ["sample", dir, "--rows", "2", "--out", join(root, "x.csv"), "--quiet"];
    await expectError(sample(withAdapter(adapter.subarray(0, 2000))), 1, /adapter\.gguf/);
    await expectError(sample(withAdapter(Buffer.alloc(100, 7))), 1, /adapter\.gguf/);

    const otherBase = join(root, "wider.gguf");
    writeTinyGguf(otherBase, { nEmbedding: 96 });
    const { out, argv } = run(file("good.csv", GOOD), "--target", "y", "--base", otherBase);
    expect((await harmonic(argv)).code).toBe(0);
    const other = readFileSync(join(out, "adapter.gguf"));
    await expectError(sample(withAdapter(other)), 1, /adapter\.gguf/);
    expect(existsSync(join(root, "x.csv"))).toBe(false);
  });

  it("whose base model is another now is refused", async () => {
    const dir = withAdapter(readFileSync(join(trained, "adapter.gguf")));
    const path = join(dir, "run.json");
    const noted = JSON.parse(readFileSync(path, "utf8"));
    const swapped = join(root, "swapped.gguf");
    writeTinyGguf(swapped, { seed: 2 });
    writeFileSync(path, JSON.stringify({ ...noted, base: { ...noted.base, name: swapped, path: swapped } }));
    await expectError(
      ["sample", dir, "--out", join(root, "x.csv")],
      1,
      /is not the one that the adapter was trained on/,
    );
  });
});

describe("a bad output", () => {
  it("is refused before any row is drawn", async () => {
    const out = (name: string) => ["sample", trained, "--rows", "2", "--quiet", "--out", join(root, name)];
    await expectError(out("rows.xlsx"), 1, /unknown extension "\.xlsx"/);
    await expectError(out("none/rows.csv"), 1, /the folder .*none does not exist/);
  });

  it("that cannot be made is one error", async () => {
    const out = join(root, "none", "schema.json");
    await expectError(["schema", file("good.csv", GOOD), "--out", out], 1, /no such file or folder/);
  });
});

describe("bad tables for evaluate", () => {
  it("are refused by name", async () => {
    const good = file("good.csv", GOOD);
    const argv = (...synthetic: string[]) => [
      "evaluate",
      "--train",
      good,
      "--test",
      good,
      "--synthetic",
      ...synthetic,
    ];
    await expectError(argv(`mine=${file("short.csv", "a,b\n1,2\n")}`), 1, /has no column "y"/);
    await expectError(argv("mine"), 2, /expected NAME=FILE for `synthetic` but received mine/);
    await expectError(argv(`mine=${join(root, "gone.csv")}`), 1, /gone\.csv: no such file/);
    const wrong = ["evaluate", "--train", good, "--synthetic", `mine=${good}`];
    await expectError(wrong, 2, /expected a file for `test` but received nothing/);
  });
});
