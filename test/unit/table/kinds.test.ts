import { inferSchema } from "../../../src/table/infer";
import { formatCell, toColumns } from "../../../src/table/convert";
import { parseSchema, schemaToJson } from "../../../src/table/schema-json";
import type { Field } from "../../../src/table/schema";
import { columnOf, tableOf } from "../../support/table-source";

const infer = (cells: (string | null)[], name = "x"): Field => inferSchema(columnOf(cells, name)).fields[0]!;
const many = (textOf: (i: number) => string, n = 120): string[] =>
  Array.from({ length: n }, (_, i) => textOf(i));
const two = (n: number): string => String(n).padStart(2, "0");

/** Cells that come out of the column's types as they went in. */
function expectRoundTrip(cells: (string | null)[]): void {
  const table = columnOf(cells);
  const schema = inferSchema(table);
  expect(parseSchema(JSON.parse(schemaToJson(schema)))).toEqual(schema);
  const [column] = toColumns(table, schema);
  expect(cells.map((_, i) => formatCell(schema.fields[0]!, column!, i))).toEqual(
    cells.map((cell) => cell ?? ""),
  );
}

describe("dates", () => {
  it.each<[string[], string, string, string]>([
    [["2024-02-29", "1999-12-31"], "date", "%Y-%m-%d", "1999-12-31"],
    [["2024/02/29", "1999/12/31"], "date", "%Y/%m/%d", "1999-12-31"],
    [["13/02/2024", "01/02/2024"], "date", "%d/%m/%Y", "2024-02-01"],
    [["02/13/2024", "01/02/2024"], "date", "%m/%d/%Y", "2024-01-02"],
    [["1.2.2024", "11.12.2023"], "date", "%-d.%-m.%Y", "2023-12-11"],
    [["2024-02-29 23:59:58", "2024-02-29 00:00:00"], "datetime", "%Y-%m-%d %H:%M:%S", "2024-02-29T00:00:00"],
    [["2024-02-29T23:59Z", "2024-02-29T12:30Z"], "datetime", "%Y-%m-%dT%H:%MZ", "2024-02-29T12:30:00"],
    [["2016-07-10 00:00:00", "2016-07-11 00:00:00"], "date", "%Y-%m-%d 00:00:00", "2016-07-10"],
  ])("%j is %s in %s", (cells, type, format, minimum) => {
    expect(infer(cells)).toMatchObject({ type, format, constraints: { minimum } });
    expectRoundTrip([...cells, null]);
  });

  it.each([
    ["2024-02-30", "2024-01-01"], // no such day
    ["2024-02-03", "soon"],
    ["01/02/2024", "03/04/2024"], // which is the month?
    ["01/02/2024", "1/12/2024"], // leading zeros here and there
  ])("%j, %j are none", (...cells) => {
    expect(infer(cells)).toMatchObject({ type: "string", constraints: { enum: [...cells].sort() } });
  });

  it("takes markers for missing numbers as missing dates", () => {
    expect(infer(["2024-02-29", "NaT", null])).toMatchObject({ type: "date", missingValues: ["", "NaT"] });
  });

  it("names row and column of what is no date, or out of range", () => {
    const schema = inferSchema(columnOf(["2024-02-01", "2024-02-29"]));
    expect(() => toColumns(columnOf(["2024-02-30"]), schema)).toThrow(
      'row 1, column "x": "2024-02-30" is no date',
    );
    expect(() => toColumns(columnOf(["2024-03-01"]), schema)).toThrow("2024-03-01 is out of range");
  });
});

describe("formatted numbers", () => {
  it("keep separators, plus and leading zeros", () => {
    expect(infer(["1,234", "12", "1,234,567.5"])).toMatchObject({
      type: "number",
      numberFormat: { decimals: 1, minDecimals: 0, thousands: true },
    });
    expect(infer(["+1", "-2", "+0"])).toMatchObject({ type: "integer", numberFormat: { plus: true } });
    expectRoundTrip(["1,234.50", "-12.25", "1,234,567.00"]);
    expectRoundTrip(["+1.5", "-2.0", "+0.0"]);
  });

  it("zero-padded digits are categories where they repeat, digits of fixed width where they hardly do", () => {
    const code = (i: number): string => String(i * 17).padStart(5, "0");
    expect(infer(many((i) => code(i % 40)))).toHaveProperty("constraints.enum");
    const cells = many((i) => code(i % 100));
    expect(infer(cells)).toMatchObject({ type: "integer", numberFormat: { width: 5 } });
    expectRoundTrip(cells);
    expect(infer(many(code))).toMatchObject({ constraints: { unique: true, pattern: "[0-9]{5}" } });
  });
});

describe("identifiers", () => {
  it("are integers that run or are called so, each another", () => {
    const running = many((i) => String(i + 1));
    expect(infer(running)).toMatchObject({ type: "integer", constraints: { unique: true }, start: 121 });
    const shuffled = many((i) => String(((i * 49) % 120) + 1));
    expect(infer(shuffled, "weight")).toHaveProperty("numberFormat");
    expect(infer(shuffled, "customer_id")).toMatchObject({ start: 121 });
    expect(infer([...shuffled.slice(1), "7"], "customer_id")).toHaveProperty("numberFormat");
    expect(infer(running.slice(0, 50))).toHaveProperty("numberFormat");
  });

  it("are never the target, and not known to the original method", () => {
    const table = tableOf(
      ["id", "y"],
      many(String).map((cell) => [cell, `v${cell}`]),
    );
    expect(inferSchema(table, { target: "id" }).fields[0]).toHaveProperty("numberFormat");
    expect(inferSchema(table, { target: "y" }).fields[1]).toHaveProperty("constraints.enum");
    expect(
      inferSchema(table, { plain: true }).fields.map(({ constraints }) => Object.keys(constraints)),
    ).toEqual([
      ["required", "minimum", "maximum"],
      ["required", "enum"],
    ]);
  });
});

describe("free text", () => {
  it("is what hardly repeats, or is long and repeats little", () => {
    expect(infer([...many((i) => `Ann ${"Bo".repeat(i % 9)} ${i}x`), "Ann"])).toMatchObject({
      type: "string",
      constraints: { required: true, minLength: 3 },
      characters: " 0123456789ABnox",
    });
    const remark = (i: number): string => `it was ${two(i)} o'clock, or so`;
    expect(infer(many((i) => remark(i % 80)))).toHaveProperty("constraints.maxLength");
    expect(infer(many((i) => remark(i % 20)))).toHaveProperty("constraints.enum");
    expect(infer(many((i) => `k${i % 5000}`, 12_000))).toHaveProperty("constraints.enum");
    expect(infer(many((i) => `${two(i)} and so on`, 50))).toHaveProperty("constraints.enum");
  });
});
