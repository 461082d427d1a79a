import type { RowFormat } from "../../../src/instruct/format";
import { rowFormat } from "../../../src/instruct/formats";
import { promptWriter, rowWriter } from "../../../src/instruct/row";
import { numberWord } from "../../../src/instruct/words";
import { toColumns } from "../../../src/table/convert";
import { inferSchema } from "../../../src/table/infer";
import { columnOf, tableOf } from "../../support/table-source";

const table = tableOf(
  ["name", "size", "a|b"],
  [
    ['x "y"', "1.50", "p|q"],
    [null, "2.00", "two\nlines"],
    ["missing", "NA", "back\\slash, comma"],
  ],
);
const schema = inferSchema(table);
const columns = toColumns(table, schema);
const rows = (format: RowFormat): string[] => [0, 1, 2].map(rowWriter(schema, format, columns));

describe("rows", () => {
  it("compact: values only, numbers in fixed point", () => {
    expect(rows(rowFormat("compact"))).toEqual([
      'x "y"|1.5|p\\pq\n',
      "|2.0|two\\nlines\n",
      "missing||back\\\\slash, comma\n",
    ]);
  });

  it("dict: JSON with every value quoted, numbers as written", () => {
    const [first, second, third] = rows(rowFormat("dict")).map((row) => JSON.parse(row) as unknown);
    expect(rows(rowFormat("dict"))[0]).toBe('{"name": "x \\"y\\"", "size": "1.50", "a|b": "p|q"}');
    expect(first).toEqual({ name: 'x "y"', size: "1.50", "a|b": "p|q" });
    expect(second).toEqual({ name: "", size: "2.00", "a|b": "two\nlines" });
    expect(third).toEqual({ name: "missing", size: "", "a|b": "back\\slash, comma" });
  });

  it("text: a sentence a line", () => {
    expect(rows(rowFormat("text"))).toEqual([
      'name is x "y", size is 1.50, a|b is p|q\n',
      "name is missing, size is 2.00, a|b is two\\nlines\n",
      "name is \\missing, size is missing, a|b is back\\\\slash\\, comma\n",
    ]);
  });

  it.each(["compact", "dict", "text"])("%s: no two categories read the same", (name) => {
    const texts = [
      "a",
      "a|b",
      "a\\pb",
      "a\\|b",
      "\\",
      "\\\\",
      "\n",
      "\\n",
      "\r",
      "missing",
      "\\missing",
      '"',
      ",",
      "\\,",
      "é",
    ];
    const format = rowFormat(name);
    const field = inferSchema(columnOf(texts)).fields[0]!;
    expect(new Set(texts.map((text) => format.category(field, text))).size).toBe(texts.length);
  });
});

describe("prompts", () => {
  const prompt = (name: string, k: number, target?: string): string => {
    const own = target === undefined ? schema : { ...schema, target };
    const format = rowFormat(name);
    const write = promptWriter(own, format, { description: "things", k }, rowWriter(own, format, columns));
    return write([0, 1, 2].slice(0, k));
  };

  it("compact: the columns once, then rows", () => {
    expect(prompt("compact", 2)).toBe(
      'Table: things\nColumns: name|size|a\\pb\nx "y"|1.5|p\\pq\n|2.0|two\\nlines\n',
    );
    expect(prompt("compact", 0)).toBe("Table: things\nColumns: name|size|a\\pb\n");
  });

  it("dict and text: say how many rows of what follow", () => {
    expect(prompt("dict", 1, "size")).toBe(
      "Here are 1 tabular data about things, each containing 2 columns of features and 1 column of labels, where the " +
        "size column is a regression label. I will transmit the data to you in JSON format. Please generate an " +
        'approximate sample based on these 1 examples.\nExample one: {"name": "x \\"y\\"", "size": "1.50", ' +
        '"a|b": "p|q"}\nGenerate one sample: ',
    );
    expect(prompt("text", 1, "name")).toContain("the name column is a binary classification label");
    expect(prompt("text", 1)).toContain("each containing 3 columns of features. I will");
  });
});

it("counts in words", () => {
  expect([1, 9, 10, 13, 20, 21, 32].map(numberWord)).toEqual([
    "one",
    "nine",
    "ten",
    "thirteen",
    "twenty",
    "twenty-one",
    "thirty-two",
  ]);
});

it("refuses an unknown format", () => {
  expect(() => rowFormat("xml")).toThrow(
    'expected one of compact, dict, text for `format` but received "xml"',
  );
});
