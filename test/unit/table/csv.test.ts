import { CsvParser, detectDelimiter } from "../../../src/table/csv";

function parse(text: string, pieceLength = text.length, delimiter = ","): string[][] {
  const records: string[][] = [];
  const parser = new CsvParser("t.csv", delimiter, (cells) => records.push(cells));
  for (let at = 0; at < text.length; at += pieceLength) parser.write(text.slice(at, at + pieceLength));
  parser.end();
  return records;
}

describe("CsvParser", () => {
  const hard = 'a,"b, c"\r\n" x\ny ""q""",007\n"",\n\né,"東\r\n京"\r,"""end"""';
  const cells = [
    ["a", "b, c"],
    [' x\ny "q"', "007"],
    ["", ""],
    ["é", "東\r\n京"],
    ["", '"end"'],
  ];

  it("reads quotes, line ends of every kind and blank lines", () => {
    expect(parse(hard)).toEqual(cells);
  });

  it("reads the same in pieces of any length", () => {
    for (let length = 1; length < hard.length; length++) expect(parse(hard, length)).toEqual(cells);
  });

  it("keeps an empty quoted cell alone on its line, and drops blank lines", () => {
    expect(parse('a\n1\n\n""\n3\n\n')).toEqual([["a"], ["1"], [""], ["3"]]);
  });

  it("takes a quote inside an unquoted cell as it is", () => {
    expect(parse('a,5" pipe\n')).toEqual([["a", '5" pipe']]);
  });

  it("names the line where an unterminated quote starts", () => {
    expect(() => parse('a,b\n1,2\n1,"2\n3,4\n')).toThrow(
      "t.csv: line 3: a quoted cell starts here and never ends",
    );
  });

  it("names the line of text after a closing quote", () => {
    expect(() => parse('a,b\n"x\ny","2"z\n')).toThrow(
      "t.csv: line 3: text follows the closing quote of a cell",
    );
  });
});

it("finds the delimiter outside quotes", () => {
  expect(detectDelimiter("a;b;c\n1,2;3,4;5,6")).toBe(";");
  expect(detectDelimiter('"a;b;c",d\n')).toBe(",");
  expect(detectDelimiter("a\tb")).toBe("\t");
  expect(detectDelimiter("alone\n1;2")).toBe(",");
});
