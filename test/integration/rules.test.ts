import { join } from "node:path";
import type { RecordBatch } from "apache-arrow";
import { sample, type SampleOptions } from "../../src/sample/sample";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import type { TableSource } from "../../src/table/source";
import { tableOf } from "../support/table-source";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

type Row = Record<string, string | number | null>;

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const CITIES = ["Berlin", "Bonn", "Paris", "Lyon"];
const COUNTRY: Record<string, string> = { Berlin: "de", Bonn: "de", Paris: "fr", Lyon: "fr" };

/** Orders: start <= end, total = price * quantity, a city's country; some starts are missing. */
const orders: TableSource = tableOf(
  ["city", "country", "start", "end", "price", "quantity", "total", "paid"],
  Array.from({ length: 60 }, (_, i) => {
    const city = CITIES[(i * 7) % 4]!;
    const start = 10 + ((i * 13) % 40);
    const price = 1.25 + ((i * 3) % 20) / 4;
    const quantity = 1 + (i % 9);
    return [
      city,
      COUNTRY[city]!,
      i % 12 === 5 ? "" : String(start),
      String(start + ((i * 5) % 30)),
      price.toFixed(2),
      String(quantity),
      (price * quantity).toFixed(2),
      i % 3 === 0 ? "no" : "yes",
    ];
  }),
);
const schema = inferSchema(orders, { target: "paid" });
const columns = toColumns(orders, schema);

beforeAll(() => writeTinyGguf(base));

function options(
  more: Partial<SampleOptions> = {},
  settings: Partial<SampleOptions["settings"]> = {},
): SampleOptions {
  return {
    ...{ schema, columns, format: "compact", description: "orders", k: 2, base },
    permuted: true,
    settings: {
      ...{ rows: 60, nSequences: 20, seed: 1, threads: 1, prompt: "random", allowCopies: true },
      ...settings,
    },
    ...more,
  };
}

async function draw(from: SampleOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of sample(from) as AsyncIterable<RecordBatch>) {
    for (let i = 0; i < batch.numRows; i++) rows.push(batch.get(i)!.toJSON());
  }
  return rows;
}

describe.each(["compact", "dict"] as const)("conditions in the %s format", (format) => {
  it.each<[string, (row: Row) => boolean]>([
    ["start > 30 and city = 'Paris'", ({ start, city }) => (start as number) > 30 && city === "Paris"],
    [
      "price between 1.5 and 2 or price >= 5.75",
      ({ price }) => between(price, 1.5, 2) || (price as number) >= 5.75,
    ],
    [
      "start is null and quantity in (2, 3, 7)",
      ({ start, quantity }) => start === null && [2, 3, 7].includes(quantity as number),
    ],
    [
      "not city in ('Paris', 'Lyon') and quantity != 5",
      ({ city, quantity }) => !["Paris", "Lyon"].includes(city as string) && quantity !== 5,
    ],
    ["start >= end", ({ start, end }) => start !== null && (start as number) >= (end as number)],
    ["city = 'Paris' or paid = 'no'", ({ city, paid }) => city === "Paris" || paid === "no"],
    ["end - start > 20", ({ start, end }) => start !== null && (end as number) - (start as number) > 20],
  ])("keeps %s", async (where, holds) => {
    const rows = await draw(options({ format, conditions: { where } }));
    expect(rows).toHaveLength(60);
    expect(rows.filter((row) => !holds(row))).toEqual([]);
    expect(new Set(rows.map((row) => JSON.stringify(row))).size).toBeGreaterThan(30);
  });
});

const between = (value: unknown, low: number, high: number): boolean =>
  (value as number) >= low && (value as number) <= high;

describe("rules", () => {
  it("keeps comparisons, combinations and derived columns in every row", async () => {
    const rules = ["end >= start", "country follows city", "total = price * quantity"];
    for (const format of ["compact", "text"] as const) {
      const rows = await draw(options({ format, rules }));
      for (const { start, end, city, country, price, quantity, total } of rows) {
        if (start !== null) expect(end as number).toBeGreaterThanOrEqual(start as number);
        expect(country).toBe(COUNTRY[city as string]);
        expect(total).toBeCloseTo((price as number) * (quantity as number), 6);
      }
      expect(new Set(rows.map(({ total }) => total)).size).toBeGreaterThan(10);
    }
  });

  it("computes a derived column that the adapter writes before its operands", async () => {
    const target = inferSchema(orders, { target: "total" });
    const rows = await draw(
      options({
        schema: target,
        columns: toColumns(orders, target),
        permuted: false,
        rules: ["total = price * quantity"],
      }),
    );
    for (const { price, quantity, total } of rows) {
      expect(total).toBeCloseTo((price as number) * (quantity as number), 6);
    }
  });

  it("looks at drawn rows for what the decoder cannot keep", async () => {
    const rules = ["end - start <= 2 * quantity or paid = 'no'"];
    const rows = await draw(options({ rules }));
    for (const { start, end, quantity, paid } of rows) {
      if (start === null || paid === "no") continue;
      expect((end as number) - (start as number)).toBeLessThanOrEqual(2 * (quantity as number));
    }
  });

  it("draws no two rows alike under a unique rule", async () => {
    const rows = await draw(options({ rules: ["unique(start, city)"] }, { groupRows: 16 }));
    const keys = rows.map(({ start, city }) => `${start} ${city}`);
    expect(new Set(keys).size).toBe(60);
  });

  it.each([
    ["end < 5", /no row can satisfy end < 5: column "end" holds/],
    ["quantity > 20", /no row can satisfy quantity > 20/],
    ["price >= 50 and price < 60", /no row can satisfy/],
  ])("refuses %s before anything is drawn", async (rule, message) => {
    await expect(draw(options({ rules: [rule] }))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [["price > end"], "start > 30", undefined],
    [["quantity > price", "price > quantity"], undefined, /no row can satisfy/],
    [
      ["country follows city"],
      "city = 'Paris' and country = 'de'",
      /no row can satisfy country follows city/,
    ],
    [
      ["total = price * quantity"],
      "price < 2 and quantity < 3 and total > 50",
      /no row can satisfy total = price \* quantity/,
    ],
    [["unique(paid)"], undefined, /no 60 rows can satisfy unique\(paid\): there are 2 values/],
  ])("finds that %j with %s leave nothing", async (rules, where, message) => {
    const drawing = draw(options({ rules, conditions: { where } }));
    await expect(drawing).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(message ?? /no row can satisfy price > end/),
    });
  });

  it.each([
    ["city = 'Pariss'", 'column "city" has no value "Pariss" (did you mean "Paris"?)'],
    ["city > 3", 'column "city" has no value "3"'],
    ["quantity = 'many'", 'expected a number for column "quantity"'],
    ["quantty > 3", 'there is no column "quantty" (did you mean "quantity"?)'],
  ])("says what is wrong with %s", async (where, message) => {
    await expect(draw(options({ conditions: { where } }))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining(message),
    });
  });
});

describe("given cells", () => {
  const holes = tableOf(
    ["quantity", "city", "start"],
    [
      ["3", "", "20"],
      ["", "Lyon", ""],
      ["", "", ""],
      ["9", "Bonn", "49"],
    ],
  );

  it("are completed, each row in its place", async () => {
    for (const format of ["compact", "dict"] as const) {
      const conditions = { given: { table: holes, each: 3 } };
      const rules = ["end >= start", "country follows city"];
      const rows = await draw(options({ format, conditions, rules }, { rows: 12 }));
      rows.forEach((row, i) => {
        const [quantity, city, start] = [0, 1, 2].map((c) => cell(holes, c, Math.floor(i / 3)));
        if (quantity !== "") expect(String(row.quantity)).toBe(quantity);
        if (city !== "") expect(row.city).toBe(city);
        if (start !== "") expect(String(row.start)).toBe(start);
        // A hole gets a value, where the table may have none.
        expect(row.start).not.toBeNull();
        expect(row.end as number).toBeGreaterThanOrEqual(row.start as number);
        expect(row.country).toBe(COUNTRY[row.city as string]);
      });
    }
  });

  it("are refused where the adapter does not know their order, unless one insists", async () => {
    const conditions = { given: { table: holes, each: 1 } };
    await expect(draw(options({ conditions, permuted: false }, { rows: 4 }))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining('was not trained to write "start", "quantity" first'),
      hint: expect.stringContaining("--permute"),
    });
    const rows = await draw(options({ conditions, permuted: false, anyOrder: true }, { rows: 4 }));
    expect(rows.map(({ city }) => city)[1]).toBe("Lyon");
  });

  it("may be the leading ones of any adapter", async () => {
    const rows = await draw(options({ conditions: { balance: "paid" }, permuted: false }));
    expect(rows.map(({ paid }) => paid)).toEqual(rows.map((_, i) => ["no", "yes"][i % 2]));
  });

  it("come as often as weights say", async () => {
    const weights = tableOf(
      ["city", "paid", "weight"],
      [
        ["Paris", "yes", "1"],
        ["Bonn", "no", "0.5"],
        ["Bonn", "yes", "0"],
        ["Lyon", "", "1.5"],
      ],
    );
    const rows = await draw(options({ conditions: { weights } }));
    const count = (city: string, paid?: string) =>
      rows.filter((row) => row.city === city && (paid === undefined || row.paid === paid)).length;
    expect(Math.abs(count("Paris", "yes") - 20)).toBeLessThan(3);
    expect(Math.abs(count("Bonn", "no") - 10)).toBeLessThan(3);
    expect(Math.abs(count("Lyon") - 30)).toBeLessThan(3);
    expect(count("Bonn", "yes") + count("Berlin")).toBe(0);
  });

  it.each([
    [["quantity"], ["77"], 'column "quantity": 77 is out of range'],
    [["colour"], ["red"], 'has a column "colour", which the model does not write'],
    [["start", "end"], ["40", "12"], "row 1 breaks the rule end >= start"],
  ])("of %j are refused where they do not fit", async (names, row, message) => {
    const conditions = { given: { table: tableOf(names, [row]), each: 1 } };
    const drawing = draw(options({ conditions, rules: ["end >= start"] }, { rows: 1 }));
    await expect(drawing).rejects.toMatchObject({ message: expect.stringContaining(message) });
  });
});

const cell = (table: TableSource, column: number, row: number): string => {
  const { texts, codes } = table.columns[column]!;
  return texts[codes[row]!] ?? "";
};
