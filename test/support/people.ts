import { Random } from "../../src/random";
import type { CategoryColumn, Column, NumberColumn } from "../../src/table/columns";
import type { TableSchema } from "../../src/table/schema";

export function numbers(name: string, scaled: number[], decimals = 0): NumberColumn {
  return { kind: "number", name, decimals, scaled: Float64Array.from(scaled) };
}

export function categories(name: string, values: string[], codes: number[]): CategoryColumn {
  return { kind: "category", name, values, codes: Int32Array.from(codes) };
}

/** A schema that the columns fit, missing cells allowed. */
export function schemaOf(columns: readonly Column[], target?: string): TableSchema {
  const fields = columns.map((column) => {
    const { name } = column;
    if (column.kind === "date" || column.kind === "text") throw new Error("numbers and categories alone");
    if (column.kind === "category") {
      return {
        name,
        type: "string" as const,
        missingValues: [""],
        constraints: { required: false, enum: column.values },
      };
    }
    const constraints = { required: false, minimum: -1e6, maximum: 1e6 };
    const numberFormat = { decimals: column.decimals, minDecimals: 0 };
    return { name, type: "number" as const, missingValues: [""], constraints, numberFormat };
  });
  return target === undefined ? { fields } : { fields, target };
}

/**
 * `n` rows of a made-up population: income grows with age, the group depends on income, and the label on both.
 * One age in twenty is missing.
 */
export function makePeople(n: number, seed: number): Column[] {
  const random = new Random(seed);
  const age: number[] = [];
  const income: number[] = [];
  const group: number[] = [];
  const label: number[] = [];
  for (let i = 0; i < n; i++) {
    const years = 18 + random.nextInt(60);
    const pay = 10_000 + 500 * years + random.nextInt(15_000); // tenths
    age.push(random.nextInt(20) === 0 ? NaN : years);
    income.push(pay);
    group.push(pay > 40_000 ? 2 : pay > 30_000 ? random.nextInt(2) + 1 : 0);
    label.push(pay + 3000 * random.nextFloat() > 37_000 ? 1 : 0);
  }
  return [
    numbers("age", age),
    numbers("income", income, 1),
    categories("group", ["a", "b", "c"], group),
    categories("label", ["no", "yes"], label),
  ];
}

/** Every column in an order of its own: the same distributions, no relations. */
export function shuffleColumns(columns: readonly Column[], seed: number): Column[] {
  const random = new Random(seed);
  return columns.map((column) => {
    const stream = random.derive(column.name);
    if (column.kind === "category") return { ...column, codes: stream.shuffle(column.codes.slice()) };
    if (column.kind === "text") return { ...column, values: stream.shuffle(column.values.slice()) };
    return { ...column, scaled: stream.shuffle(column.scaled.slice()) };
  });
}
