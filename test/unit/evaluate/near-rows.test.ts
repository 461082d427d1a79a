import { NearRows } from "../../../src/evaluate/near-rows";
import type { Cells } from "../../../src/evaluate/cells";
import { categories, numbers } from "../../support/people";

const table = (ages: number[], sizes: number[], codes: number[]): Cells[] => [
  numbers("age", ages),
  numbers("size", sizes, 1),
  categories("kind", ["a", "b"], codes),
];
const rows = new NearRows(table([100, 200, 200, NaN, 0], [50, 50, 70, 50, 0], [0, 0, 0, 1, -1]));
const has = (age: number, size: number, code: number): boolean => rows.has(table([age], [size], [code]), 0);

test.each([
  ["the same row", 100, 50, 0, true],
  ["numbers one per cent of the row's off", 101, 50, 0, true],
  ["a number further off", 102, 50, 0, false],
  ["a number one per cent below, at its limit", 200 / 1.01, 50, 0, true],
  ["a second number too far off", 200, 60, 0, false],
  ["a second number that another row of the group has", 200, 70, 0, true],
  ["another category", 100, 50, 1, false],
  ["a category missing where none is", 100, 50, -1, false],
  ["a number missing in both", NaN, 50, 1, true],
  ["a number missing in one", NaN, 50, 0, false],
  ["zero, which has no tolerance", 0, 0, -1, true],
  ["nearly zero", 1, 0, -1, false],
])("%s", (_, age, size, code, found) => {
  expect(has(age, size, code)).toBe(found);
});

test("numbers of other decimals are compared by what they are worth", () => {
  expect(
    rows.has([numbers("age", [1000], 1), numbers("size", [5]), categories("kind", ["a", "b"], [0])], 0),
  ).toBe(true);
});

test("tables without numbers are looked up by their categories", () => {
  const kinds = new NearRows([categories("kind", ["a", "b"], [0])]);
  expect(kinds.has([categories("kind", ["a", "b"], [0, 1])], 0)).toBe(true);
  expect(kinds.has([categories("kind", ["a", "b"], [0, 1])], 1)).toBe(false);
});

test("finds what a search of all rows finds", () => {
  const ages = Array.from({ length: 200 }, (_, i) => (i * i * 31) % 977);
  const codes = ages.map((age) => age % 2);
  const many = new NearRows([numbers("age", ages), categories("kind", ["a", "b"], codes)]);
  for (let age = 0; age < 977; age += 5) {
    const code = age % 3 === 0 ? 1 : 0;
    const found = ages.some((own, i) => codes[i] === code && Math.abs(own - age) <= 0.01 * age);
    expect(many.has([numbers("age", [age]), categories("kind", ["a", "b"], [code])], 0)).toBe(found);
  }
});
