import type { Random } from "../random";

/** Lowest and highest value that the figure may reasonably have: 95 times in 100 it lies between. */
export type Interval = [number, number];

/** Half width of a 95 % interval in standard errors. */
export const Z95 = 1.959963984540054;

/** `value` plus and minus 1.96 standard errors, cut to what the figure can be. */
export function around(value: number, error: number, low = -Infinity, high = Infinity): Interval {
  return [Math.max(low, value - Z95 * error), Math.min(high, value + Z95 * error)];
}

/** A rate by Wilson's score (JASA 22, 1927): its centre and half the width of the 95 % interval. */
export function wilson(successes: number, n: number): { rate: number; error: number } {
  const squared = Z95 * Z95;
  const rate = (successes + squared / 2) / (n + squared);
  const variance = (successes * (n - successes)) / n;
  return { rate, error: (Z95 / (n + squared)) * Math.sqrt(variance + squared / 4) };
}

/** Wilson's 95 % interval of a share. */
export function shareInterval(successes: number, n: number): Interval {
  const { rate, error } = wilson(successes, n);
  // in exact arithmetic the share lies within; where it is 0 or 1, rounding could leave it outside
  const share = successes / n;
  return [Math.max(0, Math.min(share, rate - error)), Math.min(1, Math.max(share, rate + error))];
}

export interface BootstrapOptions {
  /** default 60 */
  resamples?: number;
  /** most rows of a resample: of larger tables fewer are drawn and the error is scaled; default 2000 */
  size?: number;
}

/**
 * Standard errors of statistics of `n` rows: how much they vary over resamples of the rows with replacement
 * (Efron 1979; with fewer than n rows each, Bickel, Goetze and van Zwet 1997). `statistics` computes them all for the
 * rows of some ids, in the same order each time.
 */
export function bootstrapErrors(
  n: number,
  statistics: (ids: Int32Array) => number[],
  random: Random,
  options: BootstrapOptions = {},
): number[] {
  const size = Math.min(n, options.size ?? 2000);
  const draws: number[][] = [];
  for (let resample = 0; resample < (options.resamples ?? 60); resample++) {
    draws.push(statistics(Int32Array.from({ length: size }, () => random.nextInt(n))));
  }
  return draws[0]!.map((_, s) => deviation(draws.map((draw) => draw[s]!)) * Math.sqrt(size / n));
}

/** Standard deviation of the finite values, of the population they are a sample of; NaN of fewer than two. */
export function deviation(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return NaN;
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (finite.length - 1));
}

/** Chance of a value at least this far from 0, either way, under the standard normal distribution. */
export function twoSided(z: number): number {
  return erfc(Math.abs(z) / Math.SQRT2);
}

/** Complementary error function for x >= 0, within 1.2e-7 of it relatively (Press et al., Numerical Recipes, 6.2). */
function erfc(x: number): number {
  const t = 1 / (1 + x / 2);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ];
  const power = coefficients.reduceRight((sum, coefficient) => sum * t + coefficient, 0);
  return t * Math.exp(-x * x + power);
}
