/** The two directions of most variance. */
export interface PrincipalAxes {
  mean: Float64Array;
  /** unit vectors of length d, orthogonal */
  axes: [Float64Array, Float64Array];
  /** share of the variance along both */
  explained: number;
}

/** Passes of the power iteration: enough for a picture. */
const PASSES = 40;

/**
 * Principal components by power iteration on the covariance of `x`, shape (n, d), row-major, without forming it; the
 * second in what the first leaves. Deterministic: it begins with fixed vectors, and each axis points to where its largest
 * entry is positive.
 */
export function principalAxes(x: Float32Array, n: number, d: number): PrincipalAxes {
  const mean = new Float64Array(d);
  for (let at = 0; at < n * d; at++) mean[at % d]! += x[at]! / n;
  let total = 0;
  for (let at = 0; at < n * d; at++) total += (x[at]! - mean[at % d]!) ** 2;
  const first = iterate(x, n, mean, []);
  const second = iterate(x, n, mean, [first.axis]);
  const explained = total === 0 ? 1 : Math.min(1, (first.variance + second.variance) / total);
  return { mean, axes: [first.axis, second.axis], explained };
}

/** Coordinates of rows on the plane, shape (n, 2). */
export function project(x: Float32Array, n: number, { mean, axes }: PrincipalAxes): Float64Array {
  const d = mean.length;
  const places = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      const value = x[i * d + j]! - mean[j]!;
      places[2 * i]! += value * axes[0][j]!;
      places[2 * i + 1]! += value * axes[1][j]!;
    }
  }
  return places;
}

/** The axis of most variance orthogonal to those `found`, and the sum of squares along it; zeros where nothing is left. */
function iterate(
  x: Float32Array,
  n: number,
  mean: Float64Array,
  found: readonly Float64Array[],
): { axis: Float64Array; variance: number } {
  const d = mean.length;
  let axis = normalised(
    Float64Array.from({ length: d }, (_, j) => Math.sin(j + 1)),
    found,
  );
  let variance = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    const next = new Float64Array(d);
    variance = 0;
    for (let i = 0; i < n; i++) {
      let along = 0;
      for (let j = 0; j < d; j++) along += (x[i * d + j]! - mean[j]!) * axis[j]!;
      variance += along * along;
      for (let j = 0; j < d; j++) next[j]! += along * (x[i * d + j]! - mean[j]!);
    }
    axis = normalised(next, found);
  }
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return { axis: largest < 0 ? axis.map((value) => -value) : axis, variance };
}

/** The vector without its parts along `found`, of length 1; zeros where it has none. */
function normalised(vector: Float64Array, found: readonly Float64Array[]): Float64Array {
  for (const other of found) {
    const along = vector.reduce((sum, value, j) => sum + value * other[j]!, 0);
    vector.forEach((_, j) => (vector[j]! -= along * other[j]!));
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length < 1e-12 ? vector.fill(0) : vector.map((value) => value / length);
}
