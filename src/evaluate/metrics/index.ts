import type { Task } from "../../table/infer";
import type { Metric } from "../metric";
import { closestRecord } from "./closest-record";
import { columnShapes } from "./column-shapes";
import { detection } from "./detection";
import { exactCopies } from "./exact-copies";
import { classificationEfficiency, regressionEfficiency } from "./learning-efficiency";
import { pairTrends } from "./pair-trends";

/** The metrics of a table, in the order of reports: whether models learn from it, how real it is, what it gives away. */
export function metricsFor(task: Task): Metric[] {
  const utility = {
    classification: [classificationEfficiency],
    regression: [regressionEfficiency],
    none: [],
  };
  return [...utility[task], columnShapes, pairTrends, detection, closestRecord, exactCopies];
}
