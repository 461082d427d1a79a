import type { Explanations } from "../native/addon";
import type { Column, NumberColumn } from "../table/columns";
import type { NumberField, TableSchema } from "../table/schema";

/** Digits behind the point of logarithms and distances, and of shares, which may be tiny. */
const DECIMALS = 6;
const SHARE_DECIMALS = 9;

const logProbabilityOf = (name: string): string => `${name}: log probability`;
const allowedMassOf = (name: string): string => `${name}: allowed mass`;

/**
 * What is known about every drawn row: its number (from 1) among all rows, draws of it that were thrown away, distance
 * to the nearest row trained on in preprocess's encoding, and for each column the natural logarithm of the cell's
 * probability among the values allowed there and the share of the model's probability that lay on allowed tokens.
 */
export function explanationSchema(schema: TableSchema): TableSchema {
  return {
    fields: [
      { ...numberField("row", 0), type: "integer" },
      { ...numberField("redraws", 0), type: "integer" },
      numberField("distance", DECIMALS),
      ...schema.fields.flatMap(({ name }) => [
        numberField(logProbabilityOf(name), DECIMALS),
        numberField(allowedMassOf(name), SHARE_DECIMALS),
      ]),
    ],
  };
}

function numberField(name: string, decimals: number): NumberField {
  return {
    name,
    type: "number",
    missingValues: [""],
    constraints: { required: false, minimum: -1e9, maximum: 1e9 },
    numberFormat: { decimals, minDecimals: 0 },
  };
}

/** The columns of explanationSchema for the rows of one pass, but row and redraws. */
export function explanationColumns(
  { logProbabilities, allowedMass }: Explanations,
  distances: Float32Array | undefined,
  drawn: TableSchema,
  nRows: number,
): Column[] {
  const width = drawn.fields.length;
  const logs = new Float32Array(logProbabilities);
  const masses = new Float32Array(allowedMass);
  return [
    numberColumn("distance", DECIMALS, nRows, (i) => distances?.[i] ?? NaN),
    ...drawn.fields.flatMap(({ name }, f) => [
      numberColumn(logProbabilityOf(name), DECIMALS, nRows, (i) => logs[i * width + f]!),
      numberColumn(allowedMassOf(name), SHARE_DECIMALS, nRows, (i) => masses[i * width + f]!),
    ]),
  ];
}

/** The number and the redraws of `redraws.length` rows, the first of which is row `first` from 0. */
export function drawColumns(first: number, redraws: Int32Array): Column[] {
  return [
    numberColumn("row", 0, redraws.length, (i) => first + i + 1),
    numberColumn("redraws", 0, redraws.length, (i) => redraws[i]!),
  ];
}

function numberColumn(
  name: string,
  decimals: number,
  n: number,
  valueOf: (i: number) => number,
): NumberColumn {
  // Math.round keeps NaN; + 0 makes -0 and 0 the same.
  const scaled = Float64Array.from({ length: n }, (_, i) => Math.round(valueOf(i) * 10 ** decimals) + 0);
  return { kind: "number", name, decimals, scaled };
}

/** Adds up the allowed mass of each column over all rows, to see where the model is weak. */
export class MassMeans {
  private readonly sums = new Map<string, { sum: number; n: number }>();

  /** @param names of the columns explained */
  constructor(private readonly names: readonly string[]) {}

  /** @param explained columns of explanationSchema */
  add(explained: readonly Column[]): void {
    for (const name of this.names) {
      const column = explained.find((each) => each.name === allowedMassOf(name));
      if (column?.kind !== "number") continue;
      const entry = this.sums.get(name) ?? { sum: 0, n: 0 };
      for (const scaled of column.scaled) entry.sum += scaled / 10 ** column.decimals;
      entry.n += column.scaled.length;
      this.sums.set(name, entry);
    }
  }

  /** The mean of each column that has any. */
  means(): Record<string, number> {
    return Object.fromEntries(Array.from(this.sums, ([name, { sum, n }]) => [name, sum / n]));
  }
}
