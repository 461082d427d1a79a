import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkCsv, detectDelimiter } from "../../../src/table/check-csv";
import { temporaryFolder } from "../../support/temporary";

const folder = temporaryFolder();
const check = (text: string) => {
  const path = join(folder, "t.csv");
  writeFileSync(path, text);
  return checkCsv(path);
};

describe("checkCsv", () => {
  it("counts columns and records, whatever stands in quotes", async () => {
    const text = '\ufeff\na,"b, c"\r\n" x\ny ""q""",007\n"",\n\né,"東\r\n京"\r\n5" pipe, "a, b" \n,"""end"""';
    expect(await check(text)).toEqual({ delimiter: ",", nColumns: 2, nRecords: 6, longest: 16 });
    expect(await check("")).toMatchObject({ nColumns: 0, nRecords: 0 });
    expect(await check("\n\r\n\n")).toMatchObject({ nRecords: 0 });
  });

  it.each([
    ["an open quote", 'a,b\n1,2\n1,"2\n3,4\n', "line 3: a quoted cell starts here and never ends"],
    ["an open quote at the end", 'a,b\n1,2\n1,"', "line 3: a quoted cell starts here and never ends"],
    ["an open quote after a space", 'a,b\n1, "2', "line 2: a quoted cell starts here and never ends"],
    ["text after quotes", 'a,b\n"x\ny","2"z\n', "line 3: text follows the closing quote of a cell"],
    ["quotes after quotes", 'a,b\n1,"x" "y"\n', "line 2: text follows the closing quote of a cell"],
    ["too few cells", 'a,b\n"x\ny",2\n4\n', "line 4 has 1 cell but the header (line 1) has 2 columns"],
    ["empty cells too many", "\na,b\n1,2,,", "line 3 has 4 cells but the header (line 2) has 2 columns"],
    ["a lone \\r", "a\n1\r2\n", "line 2: this line ends in \\r but those before it in \\n"],
    ["a late \\n", "a\r1\n2\r", "line 2: this line ends in \\n but those before it in \\r"],
    ["a last \\r", "a\n1\r", "line 2: this line ends in \\r but those before it in \\n"],
  ])("names the line of %s", async (_name, text, message) => {
    await expect(check(text)).rejects.toMatchObject({
      code: "E_INPUT",
      message: expect.stringContaining(`t.csv: ${message}`) as string,
      hint: expect.any(String) as string,
    });
  });
});

it("finds the delimiter outside quotes", () => {
  expect(detectDelimiter("a;b;c\n1,2;3,4;5,6")).toBe(";");
  expect(detectDelimiter('"a;b;c",d\n')).toBe(",");
  expect(detectDelimiter("a\tb")).toBe("\t");
  expect(detectDelimiter("alone\n1;2")).toBe(",");
});
