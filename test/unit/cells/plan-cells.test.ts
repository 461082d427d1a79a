import { planCells } from "../../../src/cells/plan-cells";
import { CellLanguage } from "../../../src/cells/cell-language";
import { Random } from "../../../src/random";
import type { Column } from "../../../src/table/columns";
import type { NumberField, TableSchema } from "../../../src/table/schema";
import { cellTable } from "../../support/cells";
import { tableOf } from "../../support/table-source";

const number = (name: string, values: ArrayLike<number>): { field: NumberField; column: Column } => ({
  field: {
    ...{ name, type: "integer", missingValues: [], numberFormat: { decimals: 0, minDecimals: 0 } },
    constraints: { required: true, minimum: -1e9, maximum: 1e9 },
  },
  column: { kind: "number", name, decimals: 0, scaled: Float64Array.from(values) },
});
const tableOfNumbers = (
  all: Record<string, ArrayLike<number>>,
): { schema: TableSchema; columns: Column[] } => {
  const made = Object.entries(all).map(([name, values]) => number(name, values));
  return { schema: { fields: made.map(({ field }) => field) }, columns: made.map(({ column }) => column) };
};

it("writes numbers by digits where another column tells them finely, else in bins", () => {
  const random = new Random("plan");
  const draw = (): number[] => Array.from({ length: 3000 }, () => random.nextInt(1_000_000));
  const net = draw();
  const { schema, columns } = tableOfNumbers({
    net,
    gross: net.map((value) => Math.round(1.19 * value)),
    loose: net.map((value) => value + random.nextInt(400_000)),
    other: draw(),
    few: net.map((value) => value % 200),
  });
  const kinds = planCells(schema, columns, {}).columns.map(({ name, kind }) => [name, kind]);
  expect(Object.fromEntries(kinds)).toEqual({
    ...{ net: "digits", gross: "digits", loose: "bins", other: "bins", few: "values" },
  });
  const all = (numbers: "bins" | "digits"): string[] =>
    planCells(schema, columns, { numbers }).columns.map(({ kind }) => kind);
  expect(all("bins")).toEqual(["bins", "bins", "bins", "bins", "values"]);
  expect(all("digits")).toEqual(["digits", "digits", "digits", "digits", "values"]);
});

it("keeps the vocabulary of a wide table within bounds", () => {
  const random = new Random("wide");
  const wide = Object.fromEntries(
    Array.from({ length: 2000 }, (_, c) => [`c${c}`, Array.from({ length: 300 }, () => random.nextInt(1e6))]),
  );
  const { schema, columns } = tableOfNumbers(wide);
  const { size } = CellLanguage.build(schema, columns, { numbers: "bins" });
  expect(size).toBeGreaterThan(2000 * 16);
  expect(size).toBeLessThan(80_000);
});

it("keeps a column of a million values to a few hundred tokens, its least and its greatest among them", () => {
  const { schema, columns } = tableOfNumbers({
    x: Float64Array.from({ length: 1e6 }, (_, i) => (i * 7919) % 1000003),
  });
  const language = CellLanguage.build(schema, columns);
  expect(language.size).toBeLessThan(300);
  const [plan] = language.toJson().columns;
  const values = plan!.kind === "bins" ? plan!.values : [];
  expect([values[0]![0], values.at(-1)!.at(-1)]).toEqual([
    Math.min(...values.map(([low]) => low!)),
    columns[0]!.kind === "number" ? columns[0]!.scaled.reduce((a, b) => Math.max(a, b)) : 0,
  ]);
  expect(JSON.stringify(plan).length).toBeLessThan(2 ** 20);
});

it("has a token for each of 5,000 categories", () => {
  const rows = Array.from({ length: 15_000 }, (_, i) => [`item ${((i % 5000) * 7919).toString(36)}`]);
  const { language, automaton, columns } = cellTable(tableOf(["c"], rows));
  expect(language.size).toBe(5001);
  expect(automaton.tables.edgeOffsets.length).toBe(3);
  expect(
    new Set(Array.from({ length: 5000 }, (_, i) => automaton.encodeRow(columns, i).tokens[0])).size,
  ).toBe(5000);
});
