import type { Cells } from "../../src/evaluate/cells";
import { createContext } from "../../src/evaluate/context";
import type { Metric, MetricResult } from "../../src/evaluate/metric";
import { schemaOf } from "./people";

interface Tables {
  train: Cells[];
  table: Cells[];
  /** default: train */
  test?: Cells[];
  holdout?: Cells[];
  target?: string;
}

/** One metric of one table, outside of an evaluation. */
export function computeMetric(
  metric: Metric,
  { train, table, test, holdout, target }: Tables,
): Promise<MetricResult> {
  const schema = schemaOf(train, target);
  const context = createContext({ schema, train, test: test ?? train, holdout, seed: 1, threads: 2 });
  return metric.compute(table, context, table, "table");
}
