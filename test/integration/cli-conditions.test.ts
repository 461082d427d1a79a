import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLora } from "../../src/model/lora";
import { readTable } from "../../src/table/read";
import { harmonic } from "../support/cli";
import { rowsOf } from "../support/table-source";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const table = join(folder, "trips.csv");
const run = join(folder, "trips");
const COUNTRY: Record<string, string> = { Berlin: "de", Bonn: "de", Paris: "fr", Lyon: "fr" };
const CITIES = Object.keys(COUNTRY);

const day = (n: number): string => new Date(Date.UTC(2020, 0, 1 + n)).toISOString().slice(0, 10);

beforeAll(async () => {
  writeTinyGguf(base);
  const lines = Array.from({ length: 160 }, (_, i) => {
    const city = CITIES[(i * 7 + Math.floor(i / 5)) % 4]!;
    const left = 5 * i;
    return [
      city,
      COUNTRY[city],
      18 + ((i * 13) % 50),
      day(left),
      day(left + ((i * 7) % 60)),
      i % 9 === 3 ? "" : i % 30,
    ];
  });
  writeFileSync(
    table,
    ["city,country,age,left,back,score", ...lines.map((line) => line.join())].join("\n") + "\n",
  );
  const made = await harmonic([
    "preprocess",
    table,
    "--out",
    run,
    "--target",
    "age",
    "--k",
    "2",
    "--rule",
    "back >= left",
  ]);
  expect(made).toMatchObject({ code: 0 });
  const args = ["--base", base, "--epochs", "1", "--rank", "4", "--threads", "1", "--permute", "0.9"];
  expect(await harmonic(["train", run, ...args])).toMatchObject({ code: 0 });
});

async function draw(
  name: string,
  args: string[],
): Promise<{ rows: Record<string, string | null>[]; stderr: string }> {
  const out = join(folder, `${name}.csv`);
  const { code, stderr } = await harmonic(["sample", run, "--out", out, "--threads", "1", ...args]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  const source = await readTable(out);
  const rows = rowsOf(source).map((row) =>
    Object.fromEntries(row.map((cell, c) => [source.names[c]!, cell])),
  );
  return { rows, stderr };
}

it("notes in the folder and in the adapter that columns were permuted", async () => {
  const settings = (
    JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as { settings: Record<string, object> }
  ).settings;
  expect(settings.train).toMatchObject({ permute: 0.9 });
  expect((await readLora(join(run, "adapter.gguf"))).notes).toMatchObject({ permute: "0.9" });
});

it("keeps rules of the schema and what the table shows", async () => {
  expect(JSON.parse(readFileSync(join(run, "schema.json"), "utf8"))).toMatchObject({
    rules: ["back >= left"],
    dependencies: ["city -> country"],
  });
  const { rows } = await draw("plain", ["--rows", "60"]);
  expect(rows).toHaveLength(60);
  for (const { city, country, left, back } of rows) {
    expect(country).toBe(COUNTRY[city!]);
    expect(back! >= left!).toBe(true);
  }
  const free = await draw("free", ["--rows", "60", "--no-dependencies"]);
  expect(free.rows.some(({ city, country }) => country !== COUNTRY[city!])).toBe(true);
});

it("draws rows that fulfil conditions", async () => {
  const where =
    "age > 40 and left between 2020-06-01 and '2021-01-31' and country = 'fr' and score is not null";
  const { rows } = await draw("where", ["--rows", "40", "--where", where, "--rule", "unique(left)"]);
  expect(rows).toHaveLength(40);
  for (const { age, left, back, city, score } of rows) {
    expect(Number(age)).toBeGreaterThan(40);
    expect(left! >= "2020-06-01" && left! <= "2021-01-31" && back! >= left!).toBe(true);
    expect(["Paris", "Lyon"]).toContain(city);
    expect(score).not.toBeNull();
  }
  expect(new Set(rows.map(({ left }) => left)).size).toBe(40);
});

it("completes a table with holes", async () => {
  const holes = join(folder, "holes.csv");
  writeFileSync(holes, "city,age,back,score\nParis,,2021-03-04,\n,33,,5\nBonn,20,,\n");
  const { rows } = await draw("filled", ["--given", holes]);
  expect(rows).toHaveLength(3);
  expect(rows[0]).toMatchObject({ city: "Paris", country: "fr", back: "2021-03-04" });
  expect(rows[1]).toMatchObject({ age: "33", score: "5" });
  expect(rows[2]).toMatchObject({ city: "Bonn", age: "20", country: "de" });
  for (const row of rows) {
    expect(row.back! >= row.left!).toBe(true);
    expect([row.score, row.age, row.city]).not.toContain(null);
  }
});

it("fills missing cells with the best guess of many draws, which keeps the rules", async () => {
  const holes = join(folder, "guessed.csv");
  writeFileSync(
    holes,
    "city,age,left,back,score\nParis,,2021-03-04,,\n,33,,2020-02-11,5\nBonn,20,,,\n,,,,3\n",
  );
  const drawn = await draw("every", ["--given", holes, "--given-rows-each", "21"]);
  expect(drawn.rows).toHaveLength(4 * 21);
  const spread = (r: number, name: string): number[] =>
    drawn.rows.slice(21 * r, 21 * r + 21).map((row) => Number(row[name]));
  for (const how of ["median", "mean"]) {
    const { rows } = await draw(how, ["--given", holes, "--given-rows-each", "21", "--impute", how]);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatchObject({ city: "Paris", country: "fr", left: "2021-03-04" });
    expect(rows[1]).toMatchObject({ age: "33", back: "2020-02-11", score: "5" });
    expect(rows[2]).toMatchObject({ city: "Bonn", age: "20", country: "de" });
    rows.forEach(({ city, country, left, back }) => {
      expect(country).toBe(COUNTRY[city!]);
      expect(back! >= left!).toBe(true);
    });
    const ages = spread(0, "age").sort((a, b) => a - b);
    const middle = how === "median" ? ages[10]! : Math.round(ages.reduce((a, b) => a + b) / 21);
    expect(Number(rows[0]!.age)).toBe(middle);
  }
});

it("draws values as often as asked for", async () => {
  const { rows } = await draw("balanced", ["--rows", "40", "--balance", "city"]);
  for (const city of CITIES) expect(rows.filter((row) => row.city === city)).toHaveLength(10);
  const weights = join(folder, "weights.csv");
  writeFileSync(weights, "country,weight\nde,3\nfr,1\n");
  const weighed = await draw("weighed", ["--rows", "40", "--weights", weights]);
  expect(Math.abs(weighed.rows.filter(({ country }) => country === "de").length - 30)).toBeLessThan(3);
});

it.each([
  [["--rule", "left > back"], "no row can satisfy left > back"],
  [["--where", "age > 400"], 'no row can satisfy age > 400: column "age" holds 18 to 67'],
  [["--where", "aeg > 40"], 'there is no column "aeg" (did you mean "age"?)'],
  [["--balance", "contry"], '(did you mean "country"?)'],
  [["--balance", "city", "--given", table], "expected one of `given`, `balance` and `weights`"],
  [["--given", table, "--rows", "3"], "expected `rows` or `given`, not both"],
  [["--impute", "mean"], "expected `given` for `impute`"],
  [["--given", table, "--impute", "mean", "--rule", "unique(left)"], "unique(left) looks at all rows"],
  [["--given", table, "--impute", "mean", "--explain", "e.csv"], "no probability of its own to explain"],
])("refuses %j before anything is drawn", async (args, message) => {
  const { code, stderr } = await harmonic(["sample", run, "--out", join(folder, "no.csv"), ...args]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

it("says which rules the table breaks", async () => {
  const { stderr } = await draw("broken", ["--rows", "5", "--rule", "age < 60"]);
  expect(stderr).toMatch(/the table itself breaks the rule age < 60 in \d+ of 160 rows, first in row \d+/);
});
