import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CellLanguage } from "../../src/cells/cell-language";
import type { CategoryColumn } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import { loadSchema } from "../../src/table/schema-json";
import type { TableSchema } from "../../src/table/schema";
import { harmonic } from "../support/cli";
import { rowsOf } from "../support/table-source";
import { temporaryFolder } from "../support/temporary";

const root = temporaryFolder();
const SMALL = ["--layers", "1", "--width", "16", "--heads", "2", "--threads", "1"];

/** A CSV file of a header and so many rows. */
function tableOf(name: string, header: string, nRows: number, row: (i: number) => string): string {
  const path = join(root, `${name}.csv`);
  writeFileSync(path, `${[header, ...Array.from({ length: nRows }, (_, i) => row(i))].join("\n")}\n`);
  return path;
}

async function succeed(...argv: string[]): Promise<string> {
  const { code, stderr } = await harmonic(argv);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return stderr;
}

/** Trains on a table and draws rows, of which every cell fits the schema. */
async function drawnFrom(path: string, nRows: number, ...train: string[]): Promise<(string | null)[][]> {
  const out = path.replace(/\.csv$/, "");
  await succeed("preprocess", path, "--k", "0", "--out", out, "--threads", "1");
  await succeed("train", out, "--base", "table", ...SMALL, ...train);
  const drawn = join(out, "drawn.csv");
  await succeed("sample", out, "--rows", String(nRows), "--out", drawn, "--allow-copies", "--threads", "1");
  const source = await readTable(drawn);
  toColumns(source, await loadSchema(join(out, "schema.json")));
  const rows = rowsOf(source);
  expect(rows).toHaveLength(nRows);
  return rows;
}

/** A run that is refused before there is a folder. */
async function refused(path: string, ...argv: string[]): Promise<string> {
  const out = join(root, "refused");
  const { code, stderr } = await harmonic(["run", path, "--base", "table", "--out", out, ...argv]);
  expect(code).toBeGreaterThan(0);
  expect(existsSync(out)).toBe(false);
  return stderr;
}

it("learns a table of hundreds of columns", async () => {
  const names = Array.from({ length: 300 }, (_, c) => `c${c}`);
  const wide = tableOf("wide", names.join(","), 40, (i) =>
    names.map((_, c) => (c % 2 === 0 ? (i * (c + 7)) % 53 : "abc"[(i * c) % 3])).join(","),
  );
  const rows = await drawnFrom(wide, 20, "--epochs", "1", "--batch", "8", "--permute", "0.5");
  expect(rows[0]).toHaveLength(300);
}, 120_000);

it("learns columns of thousands of distinct values and of a thousand categories", async () => {
  const many = tableOf("many", "amount,code,kind", 3000, (i) => {
    const amount = ((i * 7919) % 3001) / 100 + i / 1e6;
    return [amount.toFixed(6), `code ${i % 1000}`, "xyz"[i % 3]].join(",");
  });
  const rows = await drawnFrom(many, 50, "--epochs", "1", "--batch", "64", "--protect-rare", "0");
  expect(new Set(rows.map(([amount]) => amount)).size).toBeGreaterThan(25);
  expect(rows.every(([, code]) => /^code \d{1,3}$/.test(code!))).toBe(true);
}, 120_000);

it("learns columns that are empty, constant, of one value or of very long and foreign names", async () => {
  const long = "長".repeat(3000);
  const odd = tableOf("odd", "empty,same,one,名前,long", 60, (i) =>
    ["", "s", i % 2 ? "v" : "", ["東京", "Zürich", "🦀"][i % 3], `${long}${i % 2}`].join(","),
  );
  for (const [empty, same, one, name, text] of await drawnFrom(odd, 30, "--epochs", "1")) {
    expect([empty, same]).toEqual([null, "s"]);
    expect([null, "v"]).toContain(one);
    expect(["東京", "Zürich", "🦀"]).toContain(name);
    expect(text!.slice(0, -1)).toBe(long);
  }
}, 60_000);

it.each<[string, string, number, (i: number) => string, string | RegExp]>([
  ["of one row", "a,b", 1, () => "1,x", "copy of the row learned from: each column has one value"],
  ["of one row many times", "a,b", 9, () => "1,x", "no error"],
  ["of one column of other values", "a", 80, (i) => `${i * i}`, /"a" is the only column of several/],
  ["of nothing but text", "t", 80, (i) => `it is ${i} and ${i * i} or so`, /"t" holds free text/],
  ["with a name twice", "a,a", 9, (i: number) => `${i},${i}`, 'columns 1 and 2 are both named "a"'],
])("a table %s is learnt, or refused before any work", async (kind, header, nRows, row, expected) => {
  const path = tableOf(kind, header, nRows, row);
  if (expected !== "no error") return expect(await refused(path)).toMatch(expected);
  await succeed("run", path, "--base", "table", "--out", join(root, "done"), ...SMALL, "--epochs", "1");
});

it("draws the copies that it is allowed", async () => {
  const path = tableOf("single", "a,b", 1, () => "1,x");
  const out = join(root, "copies");
  await succeed("run", path, "--base", "table", "--allow-copies", "--rows", "3", "--out", out, ...SMALL);
  expect(rowsOf(await readTable(join(out, "synthetic.csv")))).toEqual(
    Array.from({ length: 3 }, () => ["1", "x"]),
  );
});

it("says beforehand what does not fit the memory allowed, and how it could", async () => {
  const path = tableOf("limited", "a,b", 60, (i) => `${i % 7},${i % 5}`);
  const { code, stderr } = await harmonic([
    ...["run", path, "--base", "table", "--out", join(root, "limited")],
    ...["--max-memory", "10MB", ...SMALL],
  ]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /weights of a model of this table needs about \d+ MB of memory, more than the 10 MB/,
  );
  expect(stderr).toContain("--protect-rare");
});

it("says how many categories are too many", () => {
  const values = Array.from({ length: 262_145 }, (_, v) => `v${v}`);
  const codes = Int32Array.from(values, (_, v) => v);
  const constraints = { required: true, enum: values };
  const schema: TableSchema = { fields: [{ name: "c", type: "string", missingValues: [], constraints }] };
  const column: CategoryColumn = { name: "c", kind: "category", values, codes };
  expect(() => CellLanguage.build(schema, [column])).toThrow(
    'column "c" has 262145 categories: a table model has room for 262144',
  );
});
