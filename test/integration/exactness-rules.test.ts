import type { OpenGeneratorOptions } from "../../src/native/addon";
import { ExactRows, givenTokens } from "../support/exact-rows";

const exact = new ExactRows();

describe("rules", () => {
  // sex, age 8 .. 12 or missing, change -0.1 .. 0.2, note of 4 or missing, unit
  const decimals = Int32Array.of(0, 0, 1, 0, 0);

  it("compare numbers at their decimals; a missing one satisfies", async () => {
    // 10 * change > age - 9, by a derived bound would be another rule: here age is made small by its own scale.
    const scales = Int32Array.of(0, 2, 1, 0, 0);
    await exact.expectExact({
      open: { rules: [{ kind: "compare", left: 2, op: ">=", right: 1 }], decimals: scales },
      allowed: ([, age, change]) => age === null || change! / 10 >= age! / 100,
    });
  });

  it.each(["<", "<=", ">", ">=", "=", "!="] as const)("compare with %s", async (op) => {
    const holds = (a: number, b: number): boolean =>
      ({ "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "=": a === b, "!=": a !== b })[op];
    // age in tenths of thousandths is 0.0008 .. 0.0012 and change is -0.001 .. 0.002
    await exact.expectExact({
      open: { rules: [{ kind: "compare", left: 1, op, right: 2 }], decimals: Int32Array.of(0, 4, 3, 0, 0) },
      allowed: ([, age, change]) => age === null || holds(age!, change! * 10),
    });
  });

  it("allow combinations only", async () => {
    const rows = Float64Array.from([0, 8, 0, 1, NaN, -1, 1, 12, 3, 1, 11, 3, 0, 10, 2, 0, 10, 1]);
    const allowed = new Set(
      Array.from({ length: rows.length / 3 }, (_, i) =>
        Array.from(rows.subarray(3 * i, 3 * i + 3), (x) => (Number.isNaN(x) || x < 0 ? null : x)).join(),
      ),
    );
    await exact.expectExact({
      open: { rules: [{ kind: "combination", columns: [0, 1, 3], rows }] },
      allowed: ([sex, age, , note]) => allowed.has([sex, age, note].join()),
    });
  });

  it("see through columns between two combinations", async () => {
    // age follows sex and change follows age: with sex, change is known, though no rule says so itself
    const rules: OpenGeneratorOptions["rules"] = [
      { kind: "combination", columns: [0, 1], rows: Float64Array.of(0, 8, 0, 9, 1, 11, 1, NaN) },
      {
        kind: "combination",
        columns: [1, 2],
        rows: Float64Array.of(8, -1, 9, 0, 9, 2, 11, 1, 12, 0, NaN, 2),
      },
    ];
    const pairs = ["0,8,-1", "0,9,0", "0,9,2", "1,11,1", "1,,2"];
    await exact.expectExact({
      open: { rules, decimals },
      allowed: ([sex, age, change]) => pairs.includes([sex, age, change].join()),
    });
  });

  it("derive the last column, and hold back earlier ones that would take it out of its bounds", async () => {
    // change = (age - 9) / 10, missing where age is: change cannot be missing, so age cannot
    const terms = Float64Array.of(1, 1, 0, 9, 3, 0, 0, 10, 5, 0);
    const rules: OpenGeneratorOptions["rules"] = [{ kind: "derived", column: 2, terms }];
    await exact.expectExact({
      open: { rules, decimals },
      allowed: ([, age, change]) => age !== null && change === age! - 9,
    });
  });

  it("derive a column that is written before what it is made of", async () => {
    // age = 10 * change + 10, missing never
    const terms = Float64Array.of(0, 10, 1, 2, 4, 0, 0, 10, 2, 0);
    const rules: OpenGeneratorOptions["rules"] = [{ kind: "derived", column: 1, terms }];
    await exact.expectExact({
      open: { rules, decimals },
      allowed: ([, age, change]) => age === change! + 10,
    });
  });

  it("that contradict each other are refused at once", async () => {
    const rules: OpenGeneratorOptions["rules"] = [
      { kind: "combination", columns: [0], rows: Float64Array.of(7) },
    ];
    const opening = exact
      .model()
      .openGenerator({ automaton: exact.automaton.tables, nSequences: 1, nContext: 200, threads: 1, rules });
    await expect(opening).rejects.toMatchObject({ code: "E_USAGE", message: /rule 0 cannot be satisfied/ });
  });

  it("mark rows whose given cells break them", async () => {
    const rows = Float64Array.of(0, 8);
    const { tokens } = exact.paths.find(({ values }) => values[0] === 1)!;
    const other = exact.paths.find(({ values }) => values[0] !== 1)!.tokens;
    const firstCell = tokens.slice(0, tokens.findIndex((token, i) => token !== other[i]) + 1);
    const { failed, rows: n } = await exact.drawn("llama", {
      open: { rules: [{ kind: "combination", columns: [0, 1], rows }] },
      generate: givenTokens(firstCell),
    });
    expect(failed).toBe(n);
  });
});
