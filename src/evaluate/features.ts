import {
  dateNumbers,
  isMissing,
  rowCount,
  type CategoryColumn,
  type Column,
  type NumberColumn,
} from "../table/columns";

/** Most categories of one column that get a feature of their own; the rarer ones share one. */
const MAX_CATEGORIES = 100;

/** How one column becomes features. `width` of them, written from `offset`. */
type ColumnEncoder =
  | { kind: "number"; index: number; offset: number; width: number; mean: number; deviation: number }
  | { kind: "category"; index: number; offset: number; width: number; featureOf: Int32Array }
  | { kind: "rank"; index: number; offset: number; width: 1; featureOf: Int32Array };

export interface FeatureOptions {
  /** index of a column that is no feature, the target [-1] */
  skip?: number;
  /** one feature for each category, or one for them all, of the category's number: enough for trees [false] */
  ranked?: boolean;
}

/**
 * Features for learners, fitted once on the real training rows: numbers scaled to mean 0 and deviation 1 (missing
 * ones at the mean, with an indicator where the column has them), categories one-hot or numbered (a missing cell is a
 * category of its own), dates as numbers of days. Texts have no features.
 */
export class FeatureEncoder {
  /** number of features */
  readonly d: number;
  private readonly encoders: ColumnEncoder[] = [];

  constructor(train: readonly Column[], { skip = -1, ranked = false }: FeatureOptions = {}) {
    let offset = 0;
    train.forEach((column, index) => {
      if (index === skip || column.kind === "text") return;
      const encoder = fit(numbersOrCodes(column), index, offset, ranked);
      this.encoders.push(encoder);
      offset += encoder.width;
    });
    this.d = offset;
  }

  /** Shape (n, d), row-major. */
  encode(columns: readonly Column[]): Float32Array {
    const n = rowCount(columns);
    const features = new Float32Array(n * this.d);
    for (const encoder of this.encoders) {
      encodeColumn(encoder, numbersOrCodes(columns[encoder.index]!), features, this.d);
    }
    return features;
  }
}

type FeatureColumn = CategoryColumn | NumberColumn;

function numbersOrCodes(column: Column): FeatureColumn {
  if (column.kind === "text") throw new TypeError(`column "${column.name}" is text`);
  return column.kind === "date" ? dateNumbers(column) : column;
}

function fit(column: FeatureColumn, index: number, offset: number, ranked: boolean): ColumnEncoder {
  if (column.kind === "category") {
    const featureOf = rankCategories(column.codes, column.values.length);
    if (ranked) return { kind: "rank", index, offset, width: 1, featureOf };
    const last = featureOf.reduce((most, feature) => Math.max(most, feature), -1);
    return { kind: "category", index, offset, width: last + 1, featureOf };
  }
  let n = 0;
  let sum = 0;
  for (const value of column.scaled) {
    if (Number.isNaN(value)) continue;
    n++;
    sum += value;
  }
  const mean = n === 0 ? 0 : sum / n;
  let squares = 0;
  for (const value of column.scaled) if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  const deviation = squares === 0 ? 1 : Math.sqrt(squares / n);
  const width = n < column.scaled.length ? 2 : 1;
  return { kind: "number", index, offset, width, mean, deviation };
}

/** Feature of each category code, missing last: by code where there are few, else the most frequent first. */
function rankCategories(codes: Int32Array, nValues: number): Int32Array {
  const order = Array.from({ length: nValues + 1 }, (_, code) => code);
  if (order.length > MAX_CATEGORIES) {
    const counts = new Int32Array(nValues + 1);
    for (const code of codes) counts[code < 0 ? nValues : code]!++;
    order.sort((a, b) => counts[b]! - counts[a]! || a - b);
  }
  const featureOf = new Int32Array(order.length);
  order.forEach((code, rank) => (featureOf[code] = Math.min(rank, MAX_CATEGORIES)));
  return featureOf;
}

function encodeColumn(encoder: ColumnEncoder, column: FeatureColumn, out: Float32Array, d: number): void {
  if (encoder.kind !== "number" && column.kind === "category") {
    const missing = encoder.featureOf.length - 1;
    const ranked = encoder.kind === "rank";
    column.codes.forEach((code, i) => {
      const feature = encoder.featureOf[code < 0 ? missing : code]!;
      if (ranked) out[i * d + encoder.offset] = feature;
      else out[i * d + encoder.offset + feature] = 1;
    });
  } else if (encoder.kind === "number" && column.kind === "number") {
    for (let i = 0; i < column.scaled.length; i++) {
      const at = i * d + encoder.offset;
      if (!isMissing(column, i)) out[at] = (column.scaled[i]! - encoder.mean) / encoder.deviation;
      else if (encoder.width === 2) out[at + 1] = 1;
    }
  }
}
