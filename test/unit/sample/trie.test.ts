import { chain, flatten, Node } from "../../../src/sample/graph";
import { categoryCell } from "../../../src/sample/trie";
import { allPaths } from "../../support/paths";

/** Values as lists of tokens, the literal behind them; returns each accepted token list with its value. */
function accepted(values: number[][], literal: number[]): Record<string, number | null> {
  const entries = values.map((tokens, action) => ({ name: `value ${action}`, tokens, action }));
  const root = categoryCell(entries, chain(literal, new Node()), 0, "job");
  const paths = allPaths(flatten(root, Int32Array.of(0)));
  return Object.fromEntries(paths.map(({ tokens, values }) => [tokens.join(" "), values[0]!]));
}

describe("categoryCell", () => {
  it("accepts each value with the literal behind it, and nothing else", () => {
    expect(accepted([[1, 2], [1, 3], [4]], [9, 8])).toEqual({ "1 2 9 8": 0, "1 3 9 8": 1, "4 9 8": 2 });
  });

  it("tells a value from a longer one that begins with it", () => {
    expect(accepted([[1], [1, 2], [1, 2, 3]], [9])).toEqual({ "1 9": 0, "1 2 9": 1, "1 2 3 9": 2 });
  });

  it("tells values apart where a longer one goes on with the literal's first token", () => {
    expect(accepted([[1], [1, 9, 7], [1, 9]], [9, 8])).toEqual({
      "1 9 8": 0,
      "1 9 7 9 8": 1,
      "1 9 9 8": 2,
    });
  });

  it("takes an empty text straight to the literal", () => {
    expect(accepted([[], [5]], [9])).toEqual({ "9": 0, "5 9": 1 });
  });

  it("refuses values with the same tokens", () => {
    expect(() =>
      accepted(
        [
          [1, 2],
          [1, 2],
        ],
        [9],
      ),
    ).toThrow(/column "job".*value 0 and value 1 have the same tokens/);
  });

  it("refuses a value that reads like the start of a longer one", () => {
    expect(() => accepted([[1], [1, 9, 5]], [9])).toThrow(/column "job": value 0 .*start of a longer value/);
    expect(() => accepted([[1], [1, 9]], [9, 9])).toThrow(/column "job"/);
  });
});
