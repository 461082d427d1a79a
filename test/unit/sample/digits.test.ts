import { type NumberCell, numberCell } from "../../../src/sample/digits";
import { chain, flatten, Node } from "../../../src/sample/graph";
import { formatScaled } from "../../../src/table/number";
import { Random } from "../../../src/random";
import { allPaths } from "../../support/paths";

const codes = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
const PLACE = { tokensOf: codes, exit: chain(codes("\n"), new Node()), column: 0, columnName: "age" };

function automaton(cell: NumberCell) {
  const root = numberCell(cell, PLACE);
  return flatten(root, Int32Array.of(1));
}

/** Texts that the states accept, each with the value that the actions make of it. */
function accepted(cell: NumberCell): Map<string, number> {
  return new Map(
    allPaths(automaton(cell)).map(({ tokens, values }) => [
      String.fromCharCode(...tokens).slice(0, -1),
      values[0]!,
    ]),
  );
}

/** The same by brute force. */
function printed({ lowest, highest, decimals, minDecimals }: NumberCell): Map<string, number> {
  const texts = new Map<string, number>();
  for (let scaled = lowest; scaled <= highest; scaled++) {
    texts.set(formatScaled(scaled, decimals, minDecimals), scaled);
  }
  return texts;
}

function expectExact(cell: NumberCell): void {
  const sorted = (texts: Map<string, number>) => [...texts].sort(([a], [b]) => (a < b ? -1 : 1));
  expect(sorted(accepted(cell))).toEqual(sorted(printed(cell)));
}

describe("numberCell", () => {
  it.each([
    [0, 0],
    [0, 9],
    [7, 7],
    [5, 120],
    [99, 1001],
    [-3, 12],
    [-120, -5],
    [-1, 0],
    [1000, 1000],
  ])("accepts exactly the integers from %i to %i", (lowest, highest) => {
    expectExact({ lowest, highest, decimals: 0, minDecimals: 0 });
  });

  it.each([
    [78, 2420, 3],
    [0, 671, 1],
    [-250, 1005, 2],
    [5, 5, 3],
    [-1, 1, 4],
  ])("accepts exactly the fixed decimals from %i to %i at scale %i", (lowest, highest, decimals) => {
    expectExact({ lowest, highest, decimals, minDecimals: decimals });
  });

  it.each([0, 1, 2, 3, 5])("prints trailing zeros down to %i digits", (minDecimals) => {
    expectExact({ lowest: -1234, highest: 2101, decimals: 3, minDecimals });
  });

  it("appends zeros where the table writes integers with a point", () => {
    expect([...accepted({ lowest: 9, highest: 11, decimals: 0, minDecimals: 1 }).keys()].sort()).toEqual([
      "10.0",
      "11.0",
      "9.0",
    ]);
  });

  it("accepts exactly the range for random ranges and formats", () => {
    const random = new Random(1);
    for (let trial = 0; trial < 60; trial++) {
      const lowest = random.nextInt(4000) - 1500;
      const decimals = random.nextInt(4);
      expectExact({
        lowest,
        highest: lowest + random.nextInt(900),
        decimals,
        minDecimals: random.nextInt(decimals + 2),
      });
    }
  });

  it("needs a number of states that grows with the digits, not with the range", () => {
    const states = (cell: NumberCell): number => automaton(cell).edgeOffsets.length - 1;
    expect(states({ lowest: 0, highest: 999_999_999_999_999, decimals: 6, minDecimals: 0 })).toBeLessThan(
      200,
    );
    expect(
      states({ lowest: 123_456_789, highest: 987_654_321_098_765, decimals: 3, minDecimals: 3 }),
    ).toBeLessThan(200);
  });

  it("holds 15 digits exactly", () => {
    const cell = { lowest: 999_999_999_999_990, highest: 999_999_999_999_999, decimals: 4, minDecimals: 4 };
    expectExact(cell);
  });

  it("refuses a text behind the cell that goes on like a number", () => {
    const build = () =>
      numberCell(
        { lowest: 1, highest: 20, decimals: 0, minDecimals: 0 },
        { ...PLACE, exit: chain(codes("0!"), new Node()) },
      );
    expect(build).toThrow(/column "age".*end of a number/);
  });
});
