import type { Column } from "../../src/table/columns";
import type { TableSchema } from "../../src/table/schema";

/** A table with every kind of column: few enough rows that all can be listed. */
export const smallSchema: TableSchema = {
  fields: [
    {
      name: "sex",
      type: "string",
      missingValues: [],
      constraints: { required: true, enum: ["female", "male"] },
    },
    {
      name: "age",
      type: "integer",
      missingValues: [""],
      constraints: { required: false, minimum: 8, maximum: 12 },
      numberFormat: { decimals: 0, minDecimals: 0 },
    },
    {
      name: "change",
      type: "number",
      missingValues: [],
      constraints: { required: true, minimum: -0.1, maximum: 0.2 },
      numberFormat: { decimals: 1, minDecimals: 1 },
    },
    {
      name: "note",
      type: "string",
      missingValues: ["NA"],
      constraints: { required: false, enum: ["a|b", "mal", "malé\n", "missing"] },
    },
    { name: "unit", type: "string", missingValues: [], constraints: { required: true, enum: ["only"] } },
  ],
  target: "sex",
};

/** Every row that smallSchema allows: 2 x 6 x 4 x 5 x 1. */
export function allSmallRows(): Column[] {
  const rows: number[][] = [];
  for (let sex = 0; sex < 2; sex++) {
    for (const age of [NaN, 8, 9, 10, 11, 12]) {
      for (let change = -1; change <= 2; change++) {
        for (let note = -1; note < 4; note++) rows.push([sex, age, change, note, 0]);
      }
    }
  }
  return smallColumns(rows);
}

/** Columns of smallSchema from rows of codes and scaled integers. */
export function smallColumns(rows: number[][]): Column[] {
  return smallSchema.fields.map((field, f): Column => {
    const values = rows.map((row) => row[f]!);
    if ("enum" in field.constraints) {
      return {
        kind: "category",
        name: field.name,
        values: field.constraints.enum,
        codes: Int32Array.from(values),
      };
    }
    const decimals = field.name === "change" ? 1 : 0;
    return { kind: "number", name: field.name, decimals, scaled: Float64Array.from(values) };
  });
}
