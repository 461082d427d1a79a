import type { Task } from "../../table/infer";
import type { Metric } from "../metric";
import { alphaPrecision } from "./alpha-precision";
import { attributeInference } from "./attribute-inference";
import { closestRecord } from "./closest-record";
import { columnShapes } from "./column-shapes";
import { compatDistance } from "./compat-distance";
import { compatLearning } from "./compat-learning";
import { coverage } from "./coverage";
import { detection } from "./detection";
import { exactCopies } from "./exact-copies";
import { importance } from "./importance";
import { classificationEfficiency, regressionEfficiency } from "./learning-efficiency";
import { linkability } from "./linkability";
import { membership } from "./membership";
import { missingPatterns } from "./missing-patterns";
import { neighbourRatio } from "./neighbour-ratio";
import { newRows } from "./new-rows";
import { pairTrends } from "./pair-trends";
import { propensity } from "./propensity";
import { singlingOut } from "./singling-out";
import { threeWay } from "./three-way";

/**
 * The metrics of a table, in the order of reports: whether models learn from it, how real it is, what it gives away;
 * last the original method's own figures.
 */
export function metricsFor(task: Task, { compat = false } = {}): Metric[] {
  const utility = {
    classification: [classificationEfficiency, importance],
    regression: [regressionEfficiency, importance],
    none: [],
  };
  return [
    ...utility[task],
    columnShapes,
    pairTrends,
    threeWay,
    coverage,
    missingPatterns,
    detection,
    alphaPrecision,
    propensity,
    closestRecord,
    neighbourRatio,
    exactCopies,
    newRows,
    membership,
    attributeInference,
    singlingOut,
    linkability,
    ...(compat ? [...(task === "none" ? [] : [compatLearning]), compatDistance] : []),
  ];
}
