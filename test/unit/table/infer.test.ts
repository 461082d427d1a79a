import { inferSchema, taskOf } from "../../../src/table/infer";
import type { Field } from "../../../src/table/schema";
import { columnOf, tableOf } from "../../support/table-source";

const infer = (cells: (string | null)[]): Field => inferSchema(columnOf(cells)).fields[0]!;

describe("inferSchema", () => {
  it("takes plain numbers as fixed point, with the decimals they use and those they print", () => {
    expect(infer(["1", "10", "-3"])).toEqual({
      name: "x",
      type: "integer",
      missingValues: [],
      constraints: { required: true, minimum: -3, maximum: 10 },
      numberFormat: { decimals: 0, minDecimals: 0 },
    });
    expect(infer(["10.0", "2.0"])).toMatchObject({
      type: "number",
      numberFormat: { decimals: 0, minDecimals: 1 },
    });
    expect(infer(["0.28", "1.251", "2.0"])).toMatchObject({ numberFormat: { decimals: 3, minDecimals: 1 } });
    expect(infer(["1.50", "2.00"])).toMatchObject({ numberFormat: { decimals: 1, minDecimals: 2 } });
    expect(infer(["1e3", "2.5e-1"])).toMatchObject({
      constraints: { minimum: 0.25, maximum: 1000 },
      numberFormat: { decimals: 2, minDecimals: 0 },
    });
  });

  it.each([
    ["007", "12"],
    ["1,000", "2000"],
    ["1,00", "2"],
    ["12", "x"],
    ["?", "1"],
    ["12345678901234567", "1"],
  ])("keeps %j, %j as categories", (...cells) => {
    expect(infer(cells)).toMatchObject({ type: "string", constraints: { enum: [...cells].sort() } });
  });

  it("cuts decimals beyond 15 digits, the bounds rounded inwards", () => {
    expect(infer(["0.1234567890123456789", "100.5"])).toMatchObject({
      constraints: { minimum: 0.123456789013, maximum: 100.5 },
      numberFormat: { decimals: 12, minDecimals: 1 },
    });
    expect(infer(["0.12345678901234561", "0.12345678901234562"])).toMatchObject({
      constraints: { minimum: 0.123456789012345, maximum: 0.123456789012345 },
    });
  });

  it("takes markers as missing in numeric columns only, the most frequent first", () => {
    expect(infer(["1", "NA", "NA", null, "nan", "NaN", "NA"])).toMatchObject({
      type: "integer",
      missingValues: ["NA", "", "NaN", "nan"],
      constraints: { required: false },
    });
    expect(infer(["a", "NA", null])).toMatchObject({
      missingValues: [""],
      constraints: { enum: ["NA", "a"] },
    });
    expect(inferSchema(columnOf(["a", "?"]), { missingValues: ["?"] }).fields[0]).toMatchObject({
      missingValues: ["?"],
      constraints: { enum: ["a"], required: false },
    });
  });

  it("knows booleans, constants and columns without a value", () => {
    expect(infer(["True", "False"])).toMatchObject({
      type: "boolean",
      constraints: { enum: ["False", "True"] },
    });
    expect(infer(["5", "5"])).toMatchObject({ type: "integer", constraints: { minimum: 5, maximum: 5 } });
    expect(infer([null, null])).toEqual({
      name: "x",
      type: "string",
      missingValues: [""],
      constraints: { required: false, enum: [] },
    });
  });

  it.each(["inf", "-Infinity", "+INF"])("refuses %j in a column of numbers", (text) => {
    expect(() => infer(["1", "2.5", text])).toThrow(
      expect.objectContaining({
        code: "E_INPUT",
        message: `table.csv: row 3, column "x": "${text}" in a column of numbers`,
      }),
    );
  });

  it("takes a target of few integers as class labels", () => {
    const table = tableOf(
      ["a", "y"],
      Array.from({ length: 24 }, (_, i) => [String(i % 12), String((i * 5) % 12)]),
    );
    expect(inferSchema(table).fields.map(({ type }) => type)).toEqual(["integer", "integer"]);
    expect(taskOf(inferSchema(table))).toBe("none");
    expect(taskOf(inferSchema(table, { target: "y" }))).toBe("regression");
    const labels = {
      ...table,
      columns: [table.columns[0]!, columnOf(["2", "10", "0", "2", "10", "0"], "y").columns[0]!],
    };
    const schema = inferSchema(labels, { target: "y" });
    expect(schema.fields[1]).toMatchObject({ type: "string", constraints: { enum: ["0", "2", "10"] } });
    expect(taskOf(schema)).toBe("classification");
  });

  it("names the columns for an unknown target", () => {
    const table = tableOf(["age", "outcome"], [["1", "2"]]);
    expect(() => inferSchema(table, { target: "Outcom" })).toThrow(
      expect.objectContaining({
        code: "E_USAGE",
        message:
          'expected a column of table.csv for `target` but received "Outcom" (did you mean "outcome"?)',
        hint: "its columns are: age, outcome",
      }),
    );
  });
});
