import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTable } from "../../../src/table/read";
import { withDuckDb } from "../../../src/table/duckdb";
import { rowsOf } from "../../support/table-source";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const read = async (text: string, name = "t.csv", delimiter?: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  const table = await readTable(path, delimiter === undefined ? {} : { delimiter });
  return [table.names, ...rowsOf(table)];
};

describe("readCsv", () => {
  const cells = [
    ["a", "b, c"],
    [' x\ny "q"', "007"],
    [null, null],
    ["é", "東\r\n京"],
    ["NULL", "\\N#'"],
    [null, '"end"'],
  ];

  it.each([
    ["\\n", "\n", "\n"],
    ["\\r\\n", "\r\n", "\r\n"],
    ["\\r", "\r", "\r"],
    ["\\n and \\r\\n", "\n", "\r\n"],
  ])("reads quotes, blank lines and the line ends %s", async (_name, a, b) => {
    const text =
      `a,"b, c"${a}" x\ny ""q""",007${b}"",${a}${a}` + `é,"東\r\n京"${b}${b}NULL,\\N#'${a},"""end"""`;
    expect(await read(text)).toEqual(cells);
    expect(await read(text + b)).toEqual(cells);
  });

  it("keeps an empty quoted cell alone on its line, and drops blank lines", async () => {
    expect(await read('\n\na\n1\n\n""\n3\n\n')).toEqual([["a"], ["1"], [null], ["3"]]);
  });

  it("takes a quote inside an unquoted cell as it is, and spaces around quotes as none", async () => {
    expect(await read('a,b\n5" pipe, x \n1, "2, 3" \n')).toEqual([
      ["a", "b"],
      ['5" pipe', " x "],
      ["1", "2, 3"],
    ]);
  });

  it("reads with the delimiter given, and refuses what cannot be one", async () => {
    expect(await read("a:b,c\n1:2,3\n", "colon.csv", ":")).toEqual([
      ["a", "b,c"],
      ["1", "2,3"],
    ]);
    await expect(read("a\n1\n", "t.csv", "||")).rejects.toMatchObject({
      code: "E_USAGE",
      message: 'expected one ASCII character for `delimiter` but received "||"',
    });
  });

  it("reads cells of megabytes and a thousand columns", async () => {
    const long = "x".repeat(3_000_000);
    const lines = "y\n".repeat(3_000_000);
    expect(await read(`a,b\n1,${long}\n2,"${lines}"\n`)).toEqual([
      ["a", "b"],
      ["1", long],
      ["2", lines],
    ]);
    const wide = Array.from({ length: 1000 }, (_, i) => `c${i}`);
    expect(await read(`${wide.join(",")}\n${wide.join(",")}\n`)).toEqual([wide, wide]);
  });

  it("keeps the order of rows, quoted line ends among them", async () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => `${i},"two\nlines, ${i % 5}"`);
    const path = join(folder, "many.csv");
    writeFileSync(path, `n,x\n${rows.join("\n")}\n`);
    const [n, x] = (await readTable(path)).columns;
    expect(n!.texts).toEqual(rows.map((_, i) => String(i)));
    expect(x!.texts).toEqual([0, 1, 2, 3, 4].map((i) => `two\nlines, ${i}`));
    expect(x!.codes.every((code, i) => code === i % 5)).toBe(true);
  });

  it("names the line where a quote is never closed, far into a file too", async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => (i === 40_000 ? '1,"open' : `${i},"a\nb"`));
    await expect(read(`n,x\n${rows.join("\n")}\n`)).rejects.toMatchObject({ code: "E_INPUT" });
    await expect(read(`n,x\n${rows.slice(0, 40_001).join("\n")}`)).rejects.toMatchObject({
      message: expect.stringContaining("line 80002: a quoted cell starts here and never ends") as string,
    });
  });
});

it("adds no column from the name of a folder", async () => {
  const inside = join(folder, "year=2020");
  mkdirSync(inside);
  expect(await read("a\n1\n", join("year=2020", "t.csv"))).toEqual([["a"], ["1"]]);
  expect(await read('{"a":1}\n', join("year=2020", "t.jsonl"))).toEqual([["a"], ["1"]]);
  const path = join(inside, "t.parquet");
  await withDuckDb((connection) => connection.run(`COPY (SELECT 1 AS a) TO '${path}' (FORMAT parquet)`));
  expect((await readTable(path)).names).toEqual(["a"]);
});
