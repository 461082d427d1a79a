import { learnDependencies } from "../../../src/rules/dependencies";
import { Random } from "../../../src/random";
import { categories, numbers, schemaOf } from "../../support/people";

const random = new Random("dependencies");
const n = 400;
const city = Array.from({ length: n }, () => random.nextInt(12));
const state = city.map((code) => code % 4);
const country = state.map((code) => (code < 2 ? 0 : 1));
const letters = (count: number) => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + i));

function learned(...columns: Parameters<typeof schemaOf>[0][number][]): string[] {
  return learnDependencies(schemaOf(columns), columns);
}

it("finds what one column says of another, without what follows from that", () => {
  const columns = [
    categories("city", letters(12), city),
    categories("the state", letters(4), state),
    categories("country", letters(2), country),
    numbers(
      "zone",
      country.map((code) => 3 * code),
    ),
    numbers(
      "noise",
      city.map(() => random.nextInt(5)),
    ),
  ];
  const found = learned(...columns);
  expect(found).toContain('city -> "the state"');
  expect(found).toContain('"the state" -> country');
  expect(found).not.toContain("city -> country");
  expect(found.some((rule) => rule.includes("noise"))).toBe(false);
  expect(found.filter((rule) => /^(country|zone) -> (country|zone)$/.test(rule))).toHaveLength(2);
});

it("is soon done with hundreds of columns that all tell one another", () => {
  const columns = Array.from({ length: 200 }, (_, c) => categories(`c${c}`, letters(12), city));
  const found = learned(...columns);
  expect(found).toHaveLength(2 * 199);
});

it("takes one exception for none", () => {
  const broken = [...state];
  broken[17] = (broken[17]! + 1) % 4;
  expect(learned(categories("city", letters(12), city), categories("state", letters(4), broken))).toEqual([]);
});

it("leaves out what may be chance, or says nothing", () => {
  const id = Array.from({ length: n }, (_, i) => i);
  const rare = id.map((i) => (i === 5 ? 1 : 0));
  const pairs = id.map((i) => i >> 1);
  expect(
    learned(
      numbers("id", id),
      categories("rare", ["no", "yes"], rare),
      categories(
        "constant",
        ["x"],
        id.map(() => 0),
      ),
      categories("pairs", pairs.map(String), pairs),
      numbers(
        "price",
        id.map((i) => i % 150),
      ),
    ),
  ).toEqual([]);
});
