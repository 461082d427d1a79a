import { CellLanguage } from "../../../src/cells/cell-language";
import type { CellOptions } from "../../../src/cells/plan-cells";
import { Random } from "../../../src/random";
import { contains, type Domain, fullDomain } from "../../../src/rules/domain";
import { compileOrders } from "../../../src/sample/compile-orders";
import { chain, Node } from "../../../src/sample/graph";
import { RowPlan } from "../../../src/sample/row-plan";
import { edgeOf } from "../../../src/sample/walk";
import { fromSeconds, isoText } from "../../../src/table/calendar";
import { LessonWriter } from "../../../src/train/lesson";
import { cellTable, rowValues } from "../../support/cells";
import { allPaths } from "../../support/paths";
import { columnOf, tableOf } from "../../support/table-source";

const N = 900;
const range = (make: (i: number) => string): string[] => Array.from({ length: N }, (_, i) => make(i));

/** Every value that a table's only column may have under a domain, ascending. */
function drawn({ schema, language }: ReturnType<typeof cellTable>, domain: Domain): number[] {
  const { tables } = compileOrders(schema, language, [domain], [{ order: [0] }]);
  return allPaths(tables)
    .map(({ values }) => values[0]!)
    .sort((a, b) => a - b);
}

describe.each<[string, string[], CellOptions]>([
  ["values", range((i) => String((i % 90) / 10 - 4)), {}],
  ["bins", range((i) => String(((i * 7919) % 1009) - 500)), { numbers: "bins" }],
  ["digits", range((i) => String(((i * 7919) % 1009) - 500)), { numbers: "digits" }],
  ["digits that end with zeros", range((i) => String(((i * 7919) % 1009) * 100)), { numbers: "digits" }],
  ["dates", range((i) => isoText(fromSeconds(Date.UTC(1999, 10, 3) / 1000 + i * 86400, false))), {}],
])("%s", (name, cells, options) => {
  const table = cellTable(columnOf(cells), options);
  const column = table.columns[0]!;
  const trained = [...new Set(cells.map((_, i) => rowValues([column], i)[0]!))].sort((a, b) => a - b);
  const full = fullDomain(table.schema.fields[0]!);
  const all = drawn(table, full);

  it("are those of the rows trained on, or all between them", () => {
    if (name === "values" || name === "bins") expect(all).toEqual(trained);
    expect([all[0], all.at(-1)]).toEqual([trained[0], trained.at(-1)]);
    expect(new Set(all).size).toBe(all.length);
    for (const value of trained) expect(all).toContain(value);
    if (name === "digits") expect(all).toHaveLength(all.at(-1)! - all[0]! + 1);
    // Of the days from 1999-11-03 to 2002-04-20 each is real, and none is another.
    if (name === "dates") expect(all).toEqual(trained);
  });

  it("keep to any domain", () => {
    const random = new Random(name);
    for (let trial = 0; trial < 12; trial++) {
      const ends = [0, 1, 2, 3].map(() => all[random.nextInt(all.length)]!).sort((a, b) => a - b);
      const domain: Domain = {
        ranges: [
          { low: ends[0]!, high: ends[1]! },
          { low: ends[2]!, high: ends[3]! },
        ],
        missing: false,
      };
      if (ends[1]! + 1 >= ends[2]!) domain.ranges = [{ low: ends[0]!, high: ends[3]! }];
      expect(drawn(table, domain)).toEqual(all.filter((value) => contains(domain, value)));
    }
  });
});

describe("rare categories", () => {
  const source = tableOf(
    ["c", "n"],
    Array.from({ length: 300 }, (_, i) => [i === 7 ? "odd" : `c${i % 3}`, String(((i * 37) % 251) * 2)]),
  );
  const { schema, columns, language, automaton } = cellTable(source, { protectRare: 2 });
  const [field] = schema.fields;
  const odd = columns[0]!.kind === "category" ? columns[0]!.values.indexOf("odd") : -1;

  it("are neither drawn nor learnt, but stand in rows", () => {
    const [rare] = [...language.unlearnt.keys()];
    expect([...automaton.tables.edgeTokens]).not.toContain(rare);
    expect(contains(language.domain(field!), odd)).toBe(false);
    const { tokens, sets } = automaton.encodeRow(columns, 7);
    expect([tokens[0], sets[0]]).toEqual([rare, -1]);
    const options = { description: "", loss: "all", vocabulary: "allowed", eos: -1 } as const;
    const writer = new LessonWriter(automaton, columns, { ...options, nextColumns: true });
    const lesson = writer.write(Int32Array.of(7));
    expect([...lesson.tokens]).toEqual([0, ...tokens]);
    expect([...lesson.lossPositions]).toEqual([1]);
    expect([...lesson.nextColumns!]).toEqual([0, 1, -1]);
    expect([...writer.write(Int32Array.of(8)).lossPositions]).toEqual([0, 1]);
  });

  it("may be given, as may numbers that the rows did not have", () => {
    const table = tableOf(
      ["n", "c"],
      [
        ["7", "odd"],
        ["42", null],
        ["151", "c1"],
      ],
    );
    for (const each of [1, 40]) {
      const plan = new RowPlan({
        ...{ automaton, columns, permuted: true, seed: 1 },
        conditions: { given: { table, each } },
      });
      [
        [odd, 7],
        [undefined, 42],
        [1, 151],
      ].forEach((wanted, g) => {
        const { startState, prefix } = plan.start(g * each);
        const values: (number | undefined)[] = [undefined, undefined];
        let state = startState;
        for (const token of prefix) {
          const edge = edgeOf(plan.tables, state, token);
          const action = plan.tables.edgeActions[edge]!;
          const c = plan.tables.edgeColumns[edge]!;
          if (action >= 0) values[c] = action >= 1000 ? plan.tables.edgeValues![action - 1000]! : action;
          state = plan.tables.edgeNext[edge]!;
        }
        expect(values).toEqual(wanted);
      });
    }
  });
});

describe("what cannot be written", () => {
  it("is refused with the figure", () => {
    const text = columnOf(
      Array.from({ length: 200 }, (_, i) => `free text number ${i * 7919} of many, ${i}`),
    );
    expect(() => cellTable(text)).toThrow('column "x" holds free text, which a table model does not write');
    const rare = tableOf(
      ["c"],
      Array.from({ length: 40 }, (_, i) => [`c${i % 20}`]),
    );
    expect(() => cellTable(rare, { protectRare: 3 })).toThrow(
      'column "c": fewer than 3 rows have each of its 20 values',
    );
  });

  it("is told where a vocabulary does not fit the schema", () => {
    const { schema, language } = cellTable(
      tableOf(
        ["a", "b"],
        Array.from({ length: 40 }, (_, i) => [`a${i % 3}`, String(i % 7)]),
      ),
    );
    const json = language.toJson();
    const of = (columns: unknown) => () => CellLanguage.fromJson(schema, { columns });
    expect(of(json.columns.slice(1))).toThrow('column "a" of the schema has none');
    expect(of([...json.columns, { ...json.columns[0], name: "z" }])).toThrow(
      'column "z" is not one of the schema',
    );
    expect(of("none")).toThrow("expected array");
    const narrow = structuredClone(schema);
    narrow.fields[1]!.constraints = { required: true, minimum: 90, maximum: 99 };
    expect(() =>
      CellLanguage.fromJson(narrow, json).compileCell(narrow.fields[1]!, chain([], new Node()), 1),
    ).toThrow('column "b": the schema allows none of the values');
  });
});
