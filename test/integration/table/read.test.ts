import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  tableToIPC,
  tableFromArrays,
  vectorFromArray,
  Table,
  Float32,
  TimestampMillisecond,
  Utf8,
  Dictionary,
  Int32,
} from "apache-arrow";
import { withDuckDb } from "../../../src/table/duckdb";
import { readTable } from "../../../src/table/read";
import { rowsOf } from "../../support/table-source";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("CSV", () => {
  it("keeps the text of every cell", async () => {
    const path = file("[odd] *name?.csv", '\ufeffcode,"a, b",é\n007,10.0," x\ny ""q"""\n010,,""\n');
    const table = await readTable(path);
    expect(table.names).toEqual(["code", "a, b", "é"]);
    expect(rowsOf(table)).toEqual([
      ["007", "10.0", ' x\ny "q"'],
      ["010", null, null],
    ]);
  });

  it("reads names that differ in case, semicolons and tabs", async () => {
    expect((await readTable(file("case.csv", "a,A\n1,2\n"))).names).toEqual(["a", "A"]);
    expect(rowsOf(await readTable(file("semi.csv", "a;b\n1,5;2\n")))).toEqual([["1,5", "2"]]);
    expect(rowsOf(await readTable(file("tabs.tsv", "a\tb\n1,5\t2\n")))).toEqual([["1,5", "2"]]);
  });

  it("reads characters that lie across pieces of the file", async () => {
    const rows = Array.from({ length: 120_000 }, (_, i) => `東京${i % 7},${i}`);
    const table = await readTable(file("long.csv", `x${"y".repeat(1)},n\n${rows.join("\n")}\n`));
    expect(table.nRows).toBe(120_000);
    expect(table.columns[0]!.texts).toHaveLength(7);
    expect(table.columns[1]!.texts).toHaveLength(120_000);
  });

  it("reads the table with everything in it", async () => {
    const table = await readTable(join(__dirname, "..", "..", "fixtures", "mixed.csv"));
    expect(table.nRows).toBe(60);
    expect(table.names).toContain("balance, net");
    expect(table.columns[1]!.texts).toContain("two\nlines");
  });
});

describe("bad input gets one clear error", () => {
  it.each<[string, string | Uint8Array, string]>([
    ["empty.csv", "", "is empty: expected a header line and rows"],
    ["blank.csv", "\n\n", "is empty: expected a header line and rows"],
    ["header.csv", "a,b\n", "has a header but no rows"],
    ["ragged.csv", 'a,b,c\n"x\ny",2,3\n4,5\n', ": line 4 has 2 cells but the header (line 1) has 3 columns"],
    ["twice.csv", "a,b,a\n1,2,3\n", ': columns 1 and 3 are both named "a"'],
    ["unnamed.csv", ",b\n1,2\n", ": column 1 has no name"],
    [
      "latin1.csv",
      Buffer.from("a,b\n1,2\ncaf\xe9,3\n", "latin1"),
      ": line 3: byte 11 of the file is not UTF-8",
    ],
    [
      "cut.csv",
      Buffer.from("a\nx\u00e9", "utf8").subarray(0, 4),
      ": line 2: byte 3 of the file is not UTF-8",
    ],
    [
      "utf16.csv",
      Buffer.from("a,b\n1,2\n", "utf16le"),
      ": line 1: a zero byte, so this is no UTF-8 text file",
    ],
    ["open.csv", 'a,b\n1,2\n3,"4\n', ": line 3: a quoted cell starts here and never ends"],
    ["junk.parquet", "this is not a parquet file at all", "is not a readable Parquet file"],
    ["junk.arrow", "this is not an arrow file at all", "is not a readable Arrow IPC file"],
    ["cut.jsonl", '{"a":1}\n{"a":', "is not a readable JSON file: Malformed JSON"],
    ["list.json", '[{"a":1},2]', ": row 2 is a JSON"],
    ["table.xlsx", "PK", ': unknown extension ".xlsx", expected one of .csv, .tsv'],
    ["none", "a\n1\n", ": no extension, expected one of .csv, .tsv"],
  ])("%s", async (name, content, message) => {
    const path = file(name, content);
    await expect(readTable(path)).rejects.toMatchObject({
      code: "E_INPUT",
      message: expect.stringContaining(`${path}${message.startsWith(":") ? "" : " "}${message}`) as string,
      hint: expect.any(String) as string,
    });
  });

  it("names what is missing, a folder or unreadable", async () => {
    await expect(readTable(join(folder, "no.csv"))).rejects.toMatchObject({
      code: "E_INPUT",
      message: expect.stringContaining("no such file") as string,
    });
    mkdirSync(join(folder, "folder.csv"));
    await expect(readTable(join(folder, "folder.csv"))).rejects.toMatchObject({
      message: expect.stringContaining("is a folder") as string,
    });
    const secret = file("secret.csv", "a\n1\n");
    chmodSync(secret, 0);
    if (process.getuid?.() === 0) return; // root reads everything
    await expect(readTable(secret)).rejects.toMatchObject({ code: "E_IO" });
  });
});

describe("typed formats become text", () => {
  it("Parquet", async () => {
    const path = join(folder, "typed.parquet");
    await withDuckDb(async (connection) => {
      await connection.run(
        "COPY (SELECT 3::INT AS i, 10::DOUBLE AS d, 0.1::FLOAT AS f, 1.10::DECIMAL(5,2) AS p, true AS b, " +
          "TIMESTAMP '2020-01-02 03:04:05' AS t, DATE '2020-01-02' AS day, NULL AS nothing, 'nan'::DOUBLE AS x, '' AS e " +
          `) TO '${path}' (FORMAT parquet)`,
      );
    });
    const table = await readTable(path);
    expect(table.names).toEqual(["i", "d", "f", "p", "b", "t", "day", "nothing", "x", "e"]);
    expect(rowsOf(table)).toEqual([
      ["3", "10.0", "0.1", "1.10", "true", "2020-01-02T03:04:05", "2020-01-02", null, "nan", null],
    ]);
  });

  it("JSON and JSON Lines, columns in order of appearance", async () => {
    const json = '[{"a":10.5,"q\\"/~":"x"},{"A":12345678901234567890,"a":null,"b":true},{"a":""}]';
    const table = await readTable(file("t.json", json));
    expect(table.names).toEqual(["a", 'q"/~', "A", "b"]);
    expect(rowsOf(table)).toEqual([
      ["10.5", "x", null, null],
      [null, null, "12345678901234567890", "true"],
      [null, null, null, null],
    ]);
    expect(rowsOf(await readTable(file("t.jsonl", '{"a":1}\n{"a":2}\n')))).toEqual([["1"], ["2"]]);
  });

  it.each(["file", "stream"] as const)("Arrow %s", async (kind) => {
    const arrow = new Table({
      i: vectorFromArray([1, null], new Int32()),
      f: vectorFromArray([0.1, 2], new Float32()),
      c: vectorFromArray(["x", "y"], new Dictionary(new Utf8(), new Int32())),
      t: vectorFromArray([new Date(0), new Date(1500)], new TimestampMillisecond()),
      ...Object.fromEntries(
        tableFromArrays({ d: Float64Array.of(1e-7, 3) }).schema.fields.map((f) => [
          f.name,
          vectorFromArray(Float64Array.of(1e-7, 3)),
        ]),
      ),
    });
    const table = await readTable(file(`t-${kind}.arrow`, tableToIPC(arrow, kind)));
    expect(rowsOf(table)).toEqual([
      ["1", "0.1", "x", "1970-01-01T00:00:00", "1e-7"],
      [null, "2.0", "y", "1970-01-01T00:00:01.500", "3.0"],
    ]);
  });
});
