import type { AutomatonTables } from "../../../src/native/addon";
import { edgeCounts } from "../../../src/sample/edge-counts";

/** 5 or 6, then 7 or 8; a second start, in state 3, knows 6 and 8 alone. */
const tables: AutomatonTables = {
  edgeOffsets: Int32Array.of(0, 2, 4, 4, 5, 6),
  edgeTokens: Int32Array.of(5, 6, 7, 8, 6, 8),
  edgeNext: Int32Array.of(1, 1, 2, 2, 4, 2),
  edgeColumns: Int32Array.of(0, 0, 1, 1, 0, 1),
  edgeActions: Int32Array.of(0, 1, 0, 1, 1, 1),
  columnKinds: Int32Array.of(0, 0),
};
const rows = [
  [5, 7],
  [6, 8],
  [6, 7],
].map((tokens) => Int32Array.from(tokens));
const tokensOf = (row: number): Int32Array => rows[row % 3]!;

describe("edgeCounts", () => {
  it("counts the rows that take each edge", () => {
    const counts = edgeCounts({ tables, starts: [{ order: [0, 1], startState: 0 }], nRows: 3, tokensOf });
    expect([...counts]).toEqual([1, 2, 2, 1, 0, 0]);
  });

  it("counts a row as far as its start allows it", () => {
    const counts = edgeCounts({ tables, starts: [{ order: [0, 1], startState: 3 }], nRows: 3, tokensOf });
    expect([...counts]).toEqual([0, 0, 0, 0, 2, 1]);
  });

  it("looks at a thousand rows of a large table", () => {
    const counts = edgeCounts({
      tables,
      starts: [{ order: [0, 1], startState: 0 }],
      nRows: 10_000,
      tokensOf,
    });
    expect(counts[0]! + counts[1]!).toBe(1000);
  });
});
