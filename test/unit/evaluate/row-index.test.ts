import { RowIndex } from "../../../src/evaluate/row-index";
import { categories, makePeople, numbers } from "../../support/people";

test("a row is found by all its cells, missing equal to missing", () => {
  const index = new RowIndex([numbers("x", [1, NaN, 0]), categories("c", ["a", "b"], [0, 1, -1])]);
  const asked = [numbers("x", [1, 1, NaN, -0]), categories("c", ["a", "b"], [0, 1, 1, -1])];
  expect([0, 1, 2, 3].map((row) => index.has(asked, row))).toEqual([true, false, true, true]);
  expect(index.nDistinct).toBe(3);
  expect(new RowIndex([numbers("x", [1, 2, 1, NaN, NaN])]).nDistinct).toBe(3);
});

test("all of many rows are found, and none of others", () => {
  const people = makePeople(3000, 1);
  const index = new RowIndex(people);
  const others = people.map((column) =>
    column.name === "income" ? numbers("income", Array<number>(3000).fill(-1)) : column,
  );
  for (let row = 0; row < 3000; row++) {
    expect(index.has(people, row)).toBe(true);
    expect(index.has(others, row)).toBe(false);
  }
});
