import { type DateCell, dateCell } from "../../../src/sample/dates";
import { chain, flatten, Node } from "../../../src/sample/graph";
import { fromSeconds, isoText, toSeconds } from "../../../src/table/calendar";
import { allPaths } from "../../support/paths";

const codes = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0));
const PLACE = { tokensOf: codes, exit: chain(codes("\n"), new Node()), column: 0, columnName: "x" };

function automaton(cell: DateCell) {
  const root = dateCell(cell, PLACE);
  return flatten(root!, Int32Array.of(1));
}

/** Texts that the states accept, each with the value that the actions make of it. */
function accepted(cell: DateCell): [string, number][] {
  return allPaths(automaton(cell))
    .map(({ tokens, values }): [string, number] => [String.fromCharCode(...tokens).slice(0, -1), values[0]!])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The same by counting up. */
function counted({ lowest, highest, precision }: DateCell): [string, number][] {
  const step = { day: 86400, minute: 60, second: 1 }[precision];
  const dates: [string, number][] = [];
  for (let at = toSeconds(lowest); at <= toSeconds(highest); at += step) {
    const digits = fromSeconds(at, precision !== "day");
    dates.push([isoText(digits).slice(0, precision === "minute" ? 16 : undefined), digits]);
  }
  return dates;
}

describe("dateCell", () => {
  it.each<[number, number, DateCell["precision"]]>([
    [20240131, 20240131, "day"],
    [20231215, 20240302, "day"],
    [18990101, 21010301, "day"],
    [19991230, 20000101, "day"],
    [20240228233000, 20240301001500, "minute"],
    [20231231235950, 20240101000010, "second"],
    [20240510101010, 20240510111111, "second"],
  ])("accepts exactly the real dates from %i to %i, to the %s", (lowest, highest, precision) => {
    const cell = { lowest, highest, precision };
    expect(accepted(cell)).toEqual(counted(cell));
  });

  it("shares states: thousands of years of seconds need few", () => {
    const cell: DateCell = { lowest: 10101000000, highest: 99991231235959, precision: "second" };
    expect(automaton(cell).edgeOffsets.length).toBeLessThan(700);
  });

  it("has no states where the range holds no date", () => {
    const cell: DateCell = { lowest: 20240302, highest: 20240301, precision: "day" };
    expect(dateCell(cell, PLACE)).toBeUndefined();
  });
});
