import { identifierOf, planIdentifiers } from "../../../src/table/identifier";
import { IdentifierPattern } from "../../../src/table/identifier-pattern";
import { inferPattern } from "../../../src/table/infer-identifier";
import type { IdentifierField } from "../../../src/table/schema";

function field(pattern: string, start?: number): IdentifierField {
  const constraints = { required: true, unique: true as const, pattern };
  return {
    name: "id",
    type: "string",
    missingValues: [],
    constraints,
    ...(start !== undefined && { start }),
  };
}

describe("identifiers", () => {
  it("are each another, follow the pattern and leave the real ones out, until the pattern has no more", () => {
    const tags = field("(DE|FR)-[0-9]{2}x");
    const real = ["DE-00x", "FR-99x", "DE-17x", "other"];
    const { taken, warning } = planIdentifiers(tags, 197, real);
    expect(warning).toBeUndefined();
    const drawn = Array.from({ length: 197 }, (_, i) => identifierOf(tags, 7, i, taken));
    expect(new Set(drawn).size).toBe(197);
    for (const text of drawn) expect(text).toMatch(/^(DE|FR)-[0-9]{2}x$/);
    expect(drawn.filter((text) => real.includes(text))).toEqual([]);
    expect(identifierOf(tags, 7, 5, taken)).toBe(drawn[5]);
    expect(identifierOf(tags, 8, 5, taken)).not.toBe(drawn[5]);
    expect(() => identifierOf(tags, 7, 197, taken)).toThrow("has 197 identifiers, too few for 198 rows");
  });

  it("come back with a warning where there is no room beside the real ones, and are refused beyond that", () => {
    const plan = planIdentifiers(field("[0-9]"), 10, ["1", "2"]);
    expect(plan.taken).toEqual([]);
    expect(plan.warning).toContain('column "id"');
    expect(() => planIdentifiers(field("[0-9]"), 11, [])).toThrow("has 10 identifiers, too few for 11 rows");
  });

  it("go on behind running numbers", () => {
    const users = field("user_(0|[1-9][0-9]*)", 101);
    expect([0, 1, 999].map((i) => identifierOf(users, 1, i))).toEqual(["user_101", "user_102", "user_1100"]);
  });

  it.each(["[0-9]+", "a|b", "(a|ab)c", "[^0-9]", "x(0|[1-9][0-9]*)[0-9]"])(
    "refuse the pattern %s",
    (pattern) => {
      expect(() => IdentifierPattern.parse(pattern)).toThrow(SyntaxError);
    },
  );

  it("are numbered without gaps", () => {
    const pattern = IdentifierPattern.parse("\\.[ab]{2}(xx|y)\\d");
    expect(pattern.size).toBe(80n);
    for (let n = 0n; n < 80n; n++) expect(pattern.numberOf(pattern.textOf(n))).toBe(n);
  });
});

describe("inferPattern", () => {
  const many = (textOf: (i: number) => string): string[] => Array.from({ length: 200 }, (_, i) => textOf(i));
  const hash = (i: number, n: number): string =>
    BigInt.asUintN(4 * n, (BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc834n) >> 5n)
      .toString(16)
      .padStart(n, "0");

  it.each<[string, (i: number) => string, string | undefined]>([
    ["digits behind letters", (i) => `AB-${String((i * 37) % 10000).padStart(4, "0")}`, "AB-[0-9]{4}"],
    ["prefixes", (i) => `${i % 3 ? "DE" : "FR"}${String(i * 31).padStart(5, "0")}`, "(DE|FR)[0-9]{5}"],
    ["running numbers", (i) => `user_${i + 1}`, "user_(0|[1-9][0-9]*)"],
    [
      "UUIDs",
      (i) => `${hash(i, 8)}-${hash(i, 4)}-4${hash(i, 3)}-${"89ab"[i % 4]}${hash(i, 3)}-${hash(i, 12)}`,
      "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ],
    ["words of one length", (i) => hash(i, 4).replace(/[0-9]/g, "g"), undefined],
    ["times of day", (i) => `${10 + (i % 10)}:${10 + (i % 50)}`, undefined],
    ["texts of other lengths", (i) => `x${"y".repeat(i)}`, undefined],
  ])("%s", (_, textOf, pattern) => {
    expect(inferPattern(many(textOf))?.pattern).toBe(pattern);
  });
});
