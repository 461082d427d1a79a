import { rowCount, selectRows } from "../../../src/table/columns";
import { formatCell, toColumns } from "../../../src/table/convert";
import { inferSchema } from "../../../src/table/infer";
import type { TableSchema } from "../../../src/table/schema";
import { columnOf, tableOf } from "../../support/table-source";

const table = tableOf(
  ["code", "price", "note"],
  [
    ["007", "1.50", "a"],
    ["010", "NA", null],
    ["007", "-2.25", "b"],
  ],
);
const schema = inferSchema(table);

const misfit =
  (cells: (string | null)[], of: TableSchema): (() => unknown) =>
  () =>
    toColumns(columnOf(cells), of);

describe("toColumns", () => {
  it("codes categories and scales numbers", () => {
    expect(toColumns(table, schema)).toEqual([
      { kind: "category", name: "code", values: ["007", "010"], codes: Int32Array.of(0, 1, 0) },
      { kind: "number", name: "price", decimals: 2, scaled: Float64Array.of(150, NaN, -225) },
      { kind: "category", name: "note", values: ["a", "b"], codes: Int32Array.of(0, -1, 1) },
    ]);
  });

  it("names row and column of what does not fit", () => {
    const letters = inferSchema(columnOf(["red", "blue"]));
    expect(misfit(["red", "rod"], letters)).toThrow(
      'table.csv: row 2, column "x": "rod" is not one of the column\'s values; ' +
        'expected one of "blue", "red" (did you mean "red"?)',
    );
    expect(misfit(["red", null], letters)).toThrow('table.csv: row 2, column "x": the cell is missing');
    const numbers = inferSchema(columnOf(["1", "9"]));
    expect(misfit(["1", "5", "10"], numbers)).toThrow(
      'table.csv: row 3, column "x": 10 is out of range; expected a number from 1 to 9',
    );
    expect(misfit(["1", "x"], numbers)).toThrow('row 2, column "x": "x" is not a number');
    expect(() => toColumns(columnOf(["1"], "y"), numbers)).toThrow('table.csv has no column "x"');
  });

  it("keeps other tables' values where told to", () => {
    const letters = inferSchema(columnOf(["b", "a"]));
    expect(toColumns(columnOf(["c", "a", null]), letters, { unknown: "extend" })).toEqual([
      { kind: "category", name: "x", values: ["a", "b", "c"], codes: Int32Array.of(2, 0, -1) },
    ]);
    const numbers = inferSchema(columnOf(["1", "9"]));
    expect(toColumns(columnOf(["10.7", "nan"]), numbers, { unknown: "extend" })).toEqual([
      { kind: "number", name: "x", decimals: 0, scaled: Float64Array.of(11, NaN) },
    ]);
  });

  it("accepts every value of the table that the schema was inferred from, at 15 digits too", () => {
    const cells = ["0.12345678901234567", "99.98765432109876543", "50"];
    const long = inferSchema(columnOf(cells));
    expect(() => toColumns(columnOf(cells), long)).not.toThrow();
  });
});

it("formatCell writes each cell as it was", () => {
  const columns = toColumns(table, schema);
  const row = (i: number): string[] => schema.fields.map((field, f) => formatCell(field, columns[f]!, i));
  expect([0, 1, 2].map(row)).toEqual([
    ["007", "1.50", "a"],
    ["010", "NA", ""],
    ["007", "-2.25", "b"],
  ]);
});

it("selectRows takes rows in the order asked for", () => {
  const some = selectRows(toColumns(table, schema), [2, 0]);
  expect(rowCount(some)).toBe(2);
  expect(some.map((column, f) => formatCell(schema.fields[f]!, column, 0))).toEqual(["007", "-2.25", "b"]);
});
