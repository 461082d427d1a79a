import { discriminate, twoSamples } from "../discriminate";
import { bootstrapErrors, around } from "../intervals";
import type { Metric } from "../metric";
import { mean } from "../rows";

const MAX_ROWS = 10_000;

/**
 * Propensity mean squared error (Woo et al. 2009; Snoke et al. 2018): logistic regression fitted to tell the rows from as
 * many training rows, then the mean squared distance of its probabilities from one half. Beside it what chance alone
 * gives, (parameters - 1) / (8 * rows of both), and the ratio of the two.
 */
export const propensity: Metric = {
  name: "propensity",
  title: "Propensity MSE",
  area: "fidelity",
  direction: "lower",
  description:
    "How far the estimated chance of being synthetic strays from one half: 0 for rows that cannot be told from real " +
    "ones, 0.25 for rows that always can.",
  parts: [{ key: "ratio", title: "ratio to what chance gives", direction: "lower" }],
  yardstick: "fresh",
  async compute(table, context) {
    const samples = twoSamples(table, MAX_ROWS, context);
    const ids = Array.from({ length: samples.n }, (_, i) => i);
    const said = await discriminate("logistic-regression", samples, ids, ids, context);
    const errors = said.map((probability) => (probability - 0.5) ** 2);
    const value = mean(errors);
    const expected = samples.d / (8 * said.length);
    const [error] = bootstrapErrors(
      errors.length,
      (rows) => [mean(Array.from(rows, (row) => errors[row]!))],
      context.random("bootstrap propensity"),
    );
    return {
      value,
      interval: around(value, error!, 0, 0.25),
      parts: { ratio: value / expected },
      detail: { expected },
      notes: samples.n === MAX_ROWS ? [`on ${samples.n} rows of each table`] : [],
    };
  },
};
