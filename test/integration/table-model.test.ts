import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing, rowCount } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import { loadSchema } from "../../src/table/schema-json";
import { readTrainingLog } from "../../src/train/log";
import { harmonic } from "../support/cli";
import { COUNTRY, writeOrders } from "../support/orders";
import { rowsOf } from "../support/table-source";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const table = join(root, "orders.csv");
const FAST = ["--layers", "2", "--width", "32", "--heads", "2", "--batch", "16", "--threads", "1"];

async function succeed(argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await harmonic(argv);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return stderr + stdout.toString();
}

/** The rows of a file by column. */
async function read(path: string): Promise<Record<string, string | null>[]> {
  const source = await readTable(path);
  return rowsOf(source).map((row) => Object.fromEntries(row.map((cell, c) => [source.names[c]!, cell])));
}

beforeAll(() => writeOrders(table, 400));

describe("harmonic run --base table", () => {
  const run = (out: string, ...more: string[]) =>
    succeed([
      ...["run", table, "--target", "country", "--base", "table", "--out", join(root, out), "--epochs", "4"],
      ...[...FAST, "--permute", "0.4", "--rows", "150", ...more],
    ]);

  it("leaves a model with its vocabulary, valid rows and scores", async () => {
    const said = await run("first");
    expect(said).toMatch(/train: 4 epochs of \d+ rows/);
    const dir = join(root, "first");
    for (const name of ["model.gguf", "report.html", "metrics.json"])
      expect(existsSync(join(dir, name))).toBe(true);
    for (const name of ["adapter.gguf", "instructions.jsonl", "model.gguf.random.partial"]) {
      expect(existsSync(join(dir, name))).toBe(false);
    }
    const { cells } = JSON.parse(readFileSync(join(dir, "schema.json"), "utf8")) as {
      cells: { columns: object[] };
    };
    expect(cells.columns).toHaveLength(7);

    // What does not fit the schema, e.g. a number out of range or no day of the calendar, is an error here.
    const schema = await loadSchema(join(dir, "schema.json"));
    const columns = toColumns(await readTable(join(dir, "synthetic.csv")), schema);
    expect(rowCount(columns)).toBe(150);
    const missing = columns.map((column) =>
      Array.from({ length: 150 }, (_, i) => isMissing(column, i)).some(Boolean),
    );
    expect(missing.slice(0, 3)).toEqual([false, false, false]);
    for (const row of await read(join(dir, "synthetic.csv"))) {
      expect(row["country"]).toBe(COUNTRY[row["city"]!]);
    }
    const log = await readTrainingLog(join(dir, "training.jsonl"));
    expect(log.at(-1)!.lossPerRow).toBeLessThan(log[0]!.lossPerRow);
    expect(Object.keys(log.find((entry) => entry.lossPerColumn)!.lossPerColumn!).sort()).toEqual(
      schema.fields.map(({ name }) => name).sort(),
    );
    // Losses of the model itself are among the scores.
    const metrics = readFileSync(join(dir, "metrics.json"), "utf8");
    expect(metrics).toContain('"data-leakage"');
    expect(metrics).toContain('"loss-membership"');
  });

  it("gives the same bytes for the same seed, and others for another", async () => {
    await run("second", "--dlt", "0");
    await run("third", "--dlt", "0", "--seed", "5");
    const bytes = (out: string, name: string): string =>
      readFileSync(join(root, out, name)).toString("latin1");
    for (const name of ["model.gguf", "synthetic.csv"]) {
      expect(bytes("second", name)).toBe(bytes("first", name));
      expect(bytes("third", name)).not.toBe(bytes("first", name));
    }
  });

  it("says why --lle is left out", async () => {
    await succeed(["evaluate", join(root, "first"), "--lle", "--threads", "1"]);
    expect(readFileSync(join(root, "first", "metrics.json"), "utf8")).toContain(
      "a table model reads no text",
    );
  });
});

describe("stage by stage, in any order of the columns", () => {
  const dir = join(root, "stages");
  const draw = async (name: string, ...more: string[]): Promise<Record<string, string | null>[]> => {
    const out = join(root, `${name}.csv`);
    await succeed(["sample", dir, "--out", out, "--threads", "1", ...more]);
    return read(out);
  };

  beforeAll(async () => {
    const [header, ...rows] = readFileSync(table, "utf8").trim().split("\n");
    const named = rows.map((row, i) => `ORD-${1000 + ((i * 37) % 9000)},${row}`);
    writeFileSync(join(root, "named.csv"), `${[`order,${header}`, ...named].join("\n")}\n`);
    await succeed(["preprocess", join(root, "named.csv"), "--target", "country", "--k", "0", "--out", dir]);
    const settings = ["--base", "table", "--epochs", "25", "--permute", "0.8", "--learning-rate", "0.005"];
    await succeed(["train", dir, ...settings, ...FAST]);
  });

  it("draws rows under a condition", async () => {
    const rows = await draw("where", "--rows", "60", "--where", "hours > 45 and country = 'fr'");
    expect(rows).toHaveLength(60);
    for (const { hours, country } of rows) expect([Number(hours) > 45, country]).toEqual([true, "fr"]);
  });

  it("completes given cells, keeps them, and fills in what follows from them", async () => {
    const given = join(root, "given.csv");
    writeFileSync(given, "city,hours,amount\nParis,40,\nBonn,,12.34\n,33,\n");
    const rows = await draw("given", "--given", given, "--given-rows-each", "20", "--no-dependencies");
    expect(rows).toHaveLength(60);
    const is = (from: number, column: string): Set<string | null> =>
      new Set(rows.slice(from, from + 20).map((row) => row[column]!));
    expect([is(0, "city"), is(0, "hours"), is(20, "city"), is(20, "amount"), is(40, "hours")]).toEqual(
      ["Paris", "40", "Bonn", "12.34", "33"].map((value) => new Set([value])),
    );
    // The model has learnt which country a city is in, though nothing holds it to that here.
    const right = rows.filter(({ city, country }) => COUNTRY[city!] === country).length;
    expect(right).toBeGreaterThan(50);
  });
});

it("completes a table with identifiers, and with cells outside what was trained on", async () => {
  const given = join(root, "others.csv");
  writeFileSync(
    given,
    "order,ordered,hours,amount,shipped\nX-1,2035-01-31,700,,2035-02-01\n,2021-03-04,,5.00,\n",
  );
  const out = join(root, "others-filled.csv");
  const said = await succeed([
    ...["sample", join(root, "stages"), "--given", given, "--impute", "mean", "--given-rows-each", "9"],
    ...["--out", out, "--threads", "1"],
  ]);
  expect(said).toMatch(
    /others\.csv: row 1, column "ordered": 2035-01-31 is outside .*2021-01-02 to 2022-11-27; such cells, 3 here/,
  );
  const rows = await read(out);
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatchObject({ order: "X-1", ordered: "2035-01-31", hours: "700", shipped: "2035-02-01" });
  expect(rows[1]).toMatchObject({ ordered: "2021-03-04", amount: "5.00" });
  expect(rows[1]!.order).toMatch(/^ORD-\d{4}$/);
  for (const row of rows) for (const name of ["hours", "amount", "shipped"]) expect(row[name]).not.toBeNull();
});

describe("what cannot be is refused beforehand", () => {
  const refuse = async (lines: string[], more: string[], code: number, message: RegExp): Promise<void> => {
    const path = join(root, "bad.csv");
    writeFileSync(path, `${lines.join("\n")}\n`);
    const out = join(root, "bad");
    const result = await harmonic(["run", path, "--out", out, "--quiet", ...FAST, ...more]);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/^error: [^\n]+\n(hint: [^\n]+\n)?$/);
    expect(result.code).toBe(code);
  };
  const good = ["a,b", ...Array.from({ length: 30 }, (_, i) => `${i % 7},${i % 3 ? "x" : "y"}`)];

  it("settings of the other kind of model", async () => {
    await refuse(good, ["--base", "table", "--rank", "4"], 2, /a language model as the base for `rank`/);
    await refuse(good, ["--base", "table", "--k", "3"], 2, /a language model as the base for `k`/);
    await refuse(
      good,
      ["--base", "table", "--width", "30", "--heads", "4"],
      2,
      /4 heads share a width of 30/,
    );
    const base = join(root, "tiny.gguf");
    writeTinyGguf(base);
    await refuse(good, ["--base", base], 2, /a table model for `layers`/);
  });

  it("free text", async () => {
    const words = ["quick", "brown", "lazy", "loud", "old"];
    const text = Array.from(
      { length: 60 },
      (_, i) => `${words[i % 5]} fox number ${i} jumps over ${words[(i * 3) % 5]} dogs`,
    );
    await refuse(
      ["a,note", ...text.map((note, i) => `${i % 4},${note}`)],
      ["--base", "table"],
      2,
      /free text/,
    );
  });
});

it.each([
  ["one column", ["a", ...Array.from({ length: 40 }, (_, i) => `${i % 5}`)]],
  ["one row", ["a,b", "1,x"]],
  ["columns of one value", ["a,b", ...Array.from({ length: 20 }, () => "1,x")]],
])("a table of %s works", async (name, lines) => {
  const path = join(root, `${name}.csv`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  const out = join(root, name);
  const options = ["--base", "table", "--epochs", "2", "--rows", "5", "--allow-copies", ...FAST];
  await succeed(["preprocess", path, "--k", "0", "--out", out]);
  await succeed(["train", out, ...options.slice(0, 4), ...FAST]);
  await succeed(["sample", out, "--out", join(root, "few.csv"), "--rows", "5", "--allow-copies"]);
  expect(await read(join(root, "few.csv"))).toHaveLength(5);
});
