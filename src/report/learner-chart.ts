import type { Evaluation } from "../evaluate/evaluation";
import { barsByTable, base, colorOf, type ChartSpec } from "./charts";

interface LearnerDetail {
  learners: { key: string; title: string }[];
  /** by `learner-measure` */
  intervals: Record<string, [number | null, number | null]>;
}

/** What each learner scores when fitted on each table, with intervals; undefined where there is no target. */
export function learnerChart(evaluation: Evaluation): ChartSpec | undefined {
  const metric = evaluation.metrics.find(({ name }) => name === "learning-efficiency");
  if (!metric) return undefined;
  const measure = evaluation.task === "regression" ? "r2" : "f1";
  const tables = metric.scores.map(({ table }) => table);
  const values = metric.scores.flatMap(({ table, parts, detail }) => {
    const { learners = [], intervals = {} } = detail as Partial<LearnerDetail>;
    return learners.flatMap(({ key, title }) => {
      const value = parts[`${key}-${measure}`];
      if (value === null || value === undefined) return [];
      const [low, high] = intervals[`${key}-${measure}`] ?? [null, null];
      return [{ table, learner: title, value, low: low ?? value, high: high ?? value }];
    });
  });
  if (values.length === 0) return undefined;
  const learners = [...new Set(values.map(({ learner }) => learner))];
  const tooltip = [
    { field: "table" },
    { field: "learner" },
    ...["value", "low", "high"].map((field) => ({ field, type: "quantitative", format: ".3f" })),
  ];
  const x = { type: "quantitative", title: metric.title.replace(/^MLE: /, ""), axis: { tickCount: 6 } };
  return {
    ...base(values),
    height: learners.length * Math.max(26, 12 * tables.length),
    encoding: {
      ...barsByTable("learner", learners, tables),
      tooltip,
    },
    layer: [
      {
        mark: { type: "bar", opacity: 0.75 },
        encoding: {
          x: { ...x, field: "value" },
          color: {
            field: "table",
            type: "nominal",
            legend: null,
            sort: tables,
            scale: { domain: tables, range: tables.map((_, i) => colorOf(i)) },
          },
        },
      },
      {
        mark: { type: "rule", color: "var(--ink)", strokeWidth: 1.2 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
      },
    ],
  };
}
