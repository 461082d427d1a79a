import fc from "fast-check";
import { CellLanguage } from "../../../src/cells/cell-language";
import type { CellOptions } from "../../../src/cells/plan-cells";
import { Random } from "../../../src/random";
import { longestPath } from "../../../src/sample/walk";
import { fromSeconds, isoText } from "../../../src/table/calendar";
import type { TableSource } from "../../../src/table/source";
import { cellTable, hostileTable, readBack, rowValues, type CellTable } from "../../support/cells";
import { tableOf } from "../../support/table-source";

const N = 600;

function expectAllRows({ columns, automaton }: CellTable): void {
  for (let i = 0; i < N; i++) {
    const { tokens } = automaton.encodeRow(columns, i);
    const values = rowValues(columns, i);
    expect(readBack(automaton.tables, tokens, values)).toEqual(values);
    expect(tokens.length).toBeLessThanOrEqual(longestPath(automaton.tables, [0]));
  }
}

describe.each<CellOptions>([{ numbers: "bins" }, { numbers: "digits" }, {}])(
  "a language of %o",
  (options) => {
    const made = cellTable(hostileTable(N), options);

    it("writes every row so that it reads back", () => {
      expectAllRows(made);
    });

    it("comes back from JSON", () => {
      const json = JSON.parse(JSON.stringify(made.language.toJson())) as unknown;
      const back = CellLanguage.fromJson(made.schema, json);
      expect(back.size).toBe(made.language.size);
      made.schema.fields.forEach((field, f) => {
        const [one, other] = [made.language, back].map((language) =>
          language.cellEncoder(field, made.columns[f]!),
        );
        for (let i = 0; i < N; i++) expect(other!(i)).toEqual(one!(i));
      });
    });

    it("gives each column tokens of its own, which no state mixes", () => {
      const owners = new Map<number, number>();
      const { edgeTokens, edgeColumns } = made.automaton.tables;
      edgeTokens.forEach((token, e) => {
        if (token < 0) return;
        expect(token).toBeGreaterThan(0);
        expect(token).toBeLessThan(made.language.size);
        expect(owners.get(token) ?? edgeColumns[e]).toBe(edgeColumns[e]);
        owners.set(token, edgeColumns[e]!);
      });
      const { vocabulary, allowedSets } = made.automaton;
      for (let set = 0; set < allowedSets.length / vocabulary.length; set++) {
        const allowed = vocabulary.filter((_, v) => allowedSets[set * vocabulary.length + v] === 1);
        expect(new Set([...allowed].map((token) => owners.get(token))).size).toBe(1);
      }
    });

    it("writes columns in any order with the same tokens", () => {
      const order = new Random("order").shuffle(made.schema.fields.map((_, f) => f));
      for (const i of [0, 5, 31]) {
        const natural = made.automaton.encodeRow(made.columns, i);
        const other = made.automaton.encodeRow(made.columns, i, order);
        const of = (row: typeof natural, f: number): number[] =>
          [...row.tokens].filter((_, t) => row.columns[t] === f);
        for (const f of order) expect(of(other, f)).toEqual(of(natural, f));
        expect(other.columns[0]).toBe(order.find((f) => of(natural, f).length > 0));
      }
    });
  },
);

const cell = {
  text: fc.stringMatching(/^[ -~é東]{1,8}$/).map((one) => `x${one}`),
  number: fc.integer({ min: -1e6, max: 1e6 }),
  day: fc.integer({ min: -60e9, max: 250e9 }).map((seconds) => isoText(fromSeconds(seconds, false))),
  time: fc.integer({ min: 0, max: 4e9 }).map((seconds) => isoText(fromSeconds(seconds, true))),
};
const column = (cells: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.array(cells, { minLength: N, maxLength: N });
const anyColumn: fc.Arbitrary<string[]> = fc.oneof(
  fc
    .uniqueArray(cell.text, { minLength: 1, maxLength: 30 })
    .chain((values) => column(fc.constantFrom(...values))),
  fc
    .integer({ min: 0, max: 3 })
    .chain((decimals) => column(cell.number.map((n) => (n / 10 ** decimals).toFixed(decimals)))),
  column(fc.integer({ min: -3, max: 300 }).map((n) => String(n * 500))),
  column(cell.day),
  column(cell.time),
);
const anyTable: fc.Arbitrary<TableSource> = fc
  .array(fc.tuple(anyColumn, fc.boolean()), { minLength: 1, maxLength: 4 })
  .map((columns) =>
    tableOf(
      columns.map((_, c) => `c${c}`),
      Array.from({ length: N }, (_, i) =>
        columns.map(([cells, mayMiss], c) => (mayMiss && (i + c) % 7 === 0 ? null : cells[i]!)),
      ),
    ),
  );

it("writes the rows of any table so that they read back", () => {
  fc.assert(
    fc.property(
      anyTable,
      fc.constantFrom<CellOptions["numbers"]>("auto", "bins", "digits"),
      (source, numbers) => {
        expectAllRows(cellTable(source, { numbers }));
      },
    ),
    { numRuns: 8, seed: 1 },
  );
});
