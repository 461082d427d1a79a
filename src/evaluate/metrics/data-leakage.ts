import { around, deviation, type Interval } from "../intervals";
import type { Metric, MetricResult } from "../metric";
import {
  scoreByLosses,
  type Compared,
  type Losses,
  type ModelLosses,
  type PairedLosses,
} from "../model-losses";
import { mean } from "../rows";

/**
 * DLT, the data leakage test (HARMONIC, section 5): how much less perplexed the generator is by rows that it learned
 * from than by rows never seen. Perplexity is that of a row, e to the nats a chosen token, without examples in the
 * prompt, mean over rows (and before over orders of the columns). The original takes 2 to the nats instead.
 */
export function dataLeakage(losses: Pick<ModelLosses, "of" | "nOrders" | "notes">): Metric {
  return {
    name: "data-leakage",
    title: "DLT: difference of perplexity",
    area: "privacy",
    direction: "higher",
    description:
      "The generator's perplexity of training rows less that of rows never seen: 0 where it finds both as likely, below 0 " +
      "where it remembers rows.",
    parts: [
      { key: "train", title: "perplexity of training rows", direction: "higher" },
      { key: "holdout", title: "perplexity of rows never seen", direction: "lower" },
      { key: "synthetic", title: "perplexity of the rows scored", direction: "lower" },
      { key: "original", title: "difference as the original has it", direction: "higher" },
      { key: "calibrated", title: "difference of log perplexity over the base's", direction: "higher" },
    ],
    yardstick: "fresh",
    async compute(_table, _context, _whole, name) {
      const result = await scoreByLosses(losses, name, leakageOf);
      return { ...result, detail: { nOrders: losses.nOrders, ...result.detail } };
    },
  };
}

function leakageOf({ members, others, scored }: Compared): MetricResult {
  const { value, interval } = differenceOf(perplexities(members.model), perplexities(others.model));
  const original = differenceOf(perplexities(members.model, 2), perplexities(others.model, 2));
  const overBase = differenceOf(calibrated(members), calibrated(others));
  return {
    value,
    interval,
    parts: {
      train: mean(perplexities(members.model)),
      holdout: mean(perplexities(others.model)),
      synthetic: mean(perplexities(scored)),
      original: original.value,
      calibrated: overBase.value,
    },
    detail: {
      members: members.model.nats.length,
      others: others.model.nats.length,
      intervals: { original: original.interval, calibrated: overBase.interval },
    },
  };
}

/** Perplexity of each row. */
function perplexities({ perToken }: Losses, base = Math.E): Float64Array {
  return perToken.map((nats) => base ** nats);
}

/** Logarithm of the ratio of each row's perplexities under the generator and under its base, nats a token. */
function calibrated({ model, base }: PairedLosses): Float64Array {
  return model.perToken.map((nats, row) => nats - base.perToken[row]!);
}

/** Difference of two means, with its 95 % interval (unequal variances). */
function differenceOf(a: Float64Array, b: Float64Array): { value: number; interval: Interval } {
  const value = mean(a) - mean(b);
  const error = Math.hypot(deviation([...a]) / Math.sqrt(a.length), deviation([...b]) / Math.sqrt(b.length));
  return { value, interval: around(value, error) };
}
