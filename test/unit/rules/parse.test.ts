import { columnsOf, type Condition } from "../../../src/rules/expression";
import { parseCondition, parseRule } from "../../../src/rules/parse";

const names = [
  "age",
  "income",
  "education-num",
  "start date",
  "end",
  "total",
  "price",
  "quantity",
  "city",
  "state",
];

/** A condition with every operator's operands in brackets. */
function shown(node: unknown): string {
  const { kind, ...rest } = node as Record<string, unknown> & { kind: string };
  switch (kind) {
    case "column":
      return names[rest.column as number]!;
    case "number":
      return String(rest.value);
    case "string":
    case "date":
      return `'${String(rest.value)}'`;
    case "compare":
    case "arithmetic":
      return `(${shown(rest.left)} ${String(rest.op)} ${shown(rest.right)})`;
    case "in":
      return `(${shown(rest.value)} in ${(rest.items as unknown[]).map(shown).join()})`;
    case "null":
      return `(${shown(rest.value)} is null)`;
    case "not":
      return `(not ${shown(rest.inner)})`;
    default:
      return `(${shown(rest.left)} ${kind} ${shown(rest.right)})`;
  }
}

it.each([
  ["age > 40 and income = '>50K'", "((age > 40) and (income = '>50K'))"],
  ["age>=40or age<20 AND not city='x'", "((age >= 40) or ((age < 20) and (not (city = 'x'))))"],
  ["(age = 1 or age = 2) and city in ('a', 'b''c')", "(((age = 1) or (age = 2)) and (city in 'a','b'c'))"],
  ["education-num > 3", "(education-num > 3)"],
  ['"education-num" - age > 3', "((education-num - age) > 3)"],
  [
    "start date between 2024-01-31 and '2024-02-01'",
    "((start date >= '2024-01-31') and (start date <= '2024-02-01'))",
  ],
  ["`start date` is not null", "(not (start date is null))"],
  ["age not in (1, -2.5e1)", "(not (age in 1,-25))"],
  ["total = price * quantity + 1", "(total = ((price * quantity) + 1))"],
  ["total - price / 2 - 1 <> (age + 1) * 3", "(((total - (price / 2)) - 1) != ((age + 1) * 3))"],
  ["(price + 1) > 2", "((price + 1) > 2)"],
  ["not (age is null or age between 1 and 2)", "(not ((age is null) or ((age >= 1) and (age <= 2))))"],
])("reads %s", (source, expected) => {
  expect(shown(parseCondition(source, names))).toBe(expected);
});

it.each([
  ["age >> 40", 'expected a column, a number or a text but found ">" at character 6'],
  ["agee > 40", 'there is no column "agee" (did you mean "age"?); expected one of age, income'],
  ["age > 40 and", "expected a column, a number or a text but found the end at character 13"],
  ["age > 40)", 'expected an operator or the end but found ")" at character 9'],
  ["age in 40", 'expected "(" but found "40" at character 8'],
  ["city = 'x", "the quote ' is not closed at character 8"],
  [
    "age",
    "expected a comparison (=, !=, <, <=, >, >=, in, between, is null) but found the end at character 4",
  ],
  ["age ? 3", 'unexpected "?" at character 5'],
  ["age between 1 or 2", 'expected "and" but found "or" at character 15'],
  ["age is 3", 'expected "null" but found "3" at character 8'],
])("says what is wrong with %s", (source, message) => {
  let error: unknown;
  try {
    parseCondition(source, names);
  } catch (caught) {
    error = caught;
  }
  expect(error).toMatchObject({ code: "E_USAGE", message: expect.stringContaining(message) });
});

it("reads rules", () => {
  expect(parseRule("state follows city", names)).toMatchObject({ kind: "follows", columns: [9, 8] });
  expect(parseRule("city, age -> state", names)).toMatchObject({ kind: "follows", columns: [8, 0, 9] });
  expect(parseRule("unique(city, start date)", names)).toMatchObject({ kind: "unique", columns: [8, 3] });
  const rule = parseRule("end >= age", names) as { condition: Condition };
  expect(columnsOf(rule.condition)).toEqual([0, 4]);
  expect(() => parseRule("state follows state", names)).toThrow('column "state" stands twice');
  expect(() => parseRule("unique(citty)", names)).toThrow('did you mean "city"');
});
