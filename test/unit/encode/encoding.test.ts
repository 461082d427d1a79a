import { encodeCompat } from "../../../src/encode/compat";
import { fitEncoding } from "../../../src/encode/encoding";
import { toColumns } from "../../../src/table/convert";
import { inferSchema } from "../../../src/table/infer";
import { tableOf } from "../../support/table-source";

const table = tableOf(
  ["n", "c", "y"],
  [
    ["0", "b", "0"],
    ["10", "a", "1"],
    ["NA", "b", "1"],
    ["5", null, "0"],
  ],
);
const schema = inferSchema(table, { target: "y" });
const columns = toColumns(table, schema);

describe("fitEncoding", () => {
  const encoding = fitEncoding(columns, schema);
  const { data, n, d } = encoding.encode(columns);
  const distance = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (data[i * d + k]! - data[j * d + k]!) ** 2;
    return sum;
  };

  it("names its dimensions and leaves the target out", () => {
    expect(n).toBe(4);
    expect(encoding.names).toEqual(["n", "n missing", "c=a", "c=b", "c missing", "c unknown"]);
    expect(fitEncoding(columns, schema, { target: true }).names).toContain("y=1");
  });

  it("makes a mismatch cost as much as a full numeric range", () => {
    expect(distance(0, 1)).toBeCloseTo(2); // full range and a mismatch
    expect(distance(0, 3)).toBeCloseTo(1.25); // half a range and a missing category
    expect(distance(0, 2)).toBeCloseTo(1); // missing number against 0
  });

  it("encodes other tables by the same scale, what it does not know apart from all", () => {
    const other = toColumns(tableOf(["n", "c", "y"], [["20", "z", "1"]]), schema, { unknown: "extend" });
    expect([...encoding.encode(other).data]).toEqual([2, 0, 0, 0, 0, Math.fround(Math.SQRT1_2)]);
  });

  it("bounds the dimensions of a category", () => {
    const many = tableOf(
      ["c"],
      Array.from({ length: 2000 }, (_, i) => [`v${i % 1000}`]),
    );
    const manySchema = inferSchema(many);
    expect(fitEncoding(toColumns(many, manySchema), manySchema).d).toBe(258);
  });
});

describe("encodeCompat", () => {
  it("numbers categories in sorted order, scales numbers and takes the label as it is", () => {
    const whole = tableOf(
      ["c", "n", "y"],
      [
        ["b", "1", "0"],
        ["a", "3", "1"],
        ["c", "2", "2"],
      ],
    );
    const wholeSchema = inferSchema(whole, { target: "y" });
    expect([...encodeCompat(toColumns(whole, wholeSchema), wholeSchema).data]).toEqual([
      1, 0, 0, 0, 1, 1, 2, 0.5, 2,
    ]);
  });

  it("refuses missing values and labels that are no numbers", () => {
    expect(() => encodeCompat(columns, schema)).toThrow('row 3, column "n": a missing value');
    const named = tableOf(
      ["n", "y"],
      [
        ["1", "good"],
        ["2", "bad"],
      ],
    );
    const namedSchema = inferSchema(named, { target: "y" });
    expect(() => encodeCompat(toColumns(named, namedSchema), namedSchema)).toThrow(
      'the target column "y" holds "bad"',
    );
  });
});
