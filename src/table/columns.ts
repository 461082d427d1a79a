/**
 * A table as typed arrays, one entry a column in schema order: what every numeric stage works on.
 * Made from Arrow record batches by `toColumns` and turned back by `toRecordBatch`.
 */
export type Column = CategoryColumn | NumberColumn;

export interface CategoryColumn {
  kind: "category";
  name: string;
  /** the schema's enum */
  values: string[];
  /** index into values, -1 missing; shape (n) */
  codes: Int32Array;
}

export interface NumberColumn {
  kind: "number";
  name: string;
  /** digits after the point */
  decimals: number;
  /** the integer value * 10^decimals, NaN missing; shape (n) */
  scaled: Float64Array;
}
