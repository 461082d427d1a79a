import type { TrainingLogEntry } from "../train/log";
import { base, COLORS, type ChartSpec } from "./charts";

/** What loss curves need of a line of training.jsonl. */
export type TrainingPoint = Pick<
  TrainingLogEntry,
  "step" | "lossPerRow" | "validationLossPerRow" | "validationLossPerColumn"
>;

/** Of an exponential mean: about so many steps are behind each of its points. */
const STEPS_SMOOTHED = 10;
const X = { field: "step", type: "quantitative", title: "step", axis: { tickMinStep: 1, tickCount: 6 } };

/** Loss over the steps of training: of each step, smoothed, and of rows left out where they were looked at. */
export function lossChart(points: readonly TrainingPoint[]): ChartSpec {
  const curve = smoothed(points.map(({ lossPerRow }) => lossPerRow));
  const values = points.flatMap(({ step, lossPerRow, validationLossPerRow }, i) => [
    { step, loss: lossPerRow, rows: "training" },
    { step, loss: curve[i]!, rows: "smoothed" },
    ...(validationLossPerRow === undefined ? [] : [{ step, loss: validationLossPerRow, rows: "validation" }]),
  ]);
  const held = values.some(({ rows }) => rows === "validation");
  const shown = ["training", "smoothed", ...(held ? ["validation"] : [])];
  return {
    ...base(values),
    height: 200,
    encoding: {
      x: X,
      y: { field: "loss", type: "quantitative", title: "nats a row", scale: { zero: false } },
      color: {
        field: "rows",
        type: "nominal",
        title: null,
        sort: shown,
        scale: { domain: shown, range: [COLORS[0], COLORS[1], COLORS[2]].slice(0, shown.length) },
      },
      tooltip: [{ field: "step" }, { field: "loss", type: "quantitative", format: ".3f" }, { field: "rows" }],
    },
    layer: [
      layerOf("training", { type: "line", strokeWidth: 1, opacity: 0.7, point: points.length === 1 }),
      layerOf("smoothed", { type: "line", strokeWidth: 2 }),
      ...(held ? [layerOf("validation", { type: "line", strokeWidth: 2, point: true })] : []),
    ],
  };
}

const layerOf = (rows: string, mark: object): object => ({
  transform: [{ filter: { field: "rows", equal: rows } }],
  mark,
});

/** Names of the columns whose loss was measured. */
export function lossColumns(points: readonly TrainingPoint[]): string[] {
  return Object.keys(points.find((point) => point.validationLossPerColumn)?.validationLossPerColumn ?? {});
}

/** The loss of one column on rows left out, where they were looked at. */
export function columnLossChart(points: readonly TrainingPoint[], column: string): ChartSpec {
  const values = points.flatMap(({ step, validationLossPerColumn }) =>
    validationLossPerColumn === undefined ? [] : [{ step, loss: validationLossPerColumn[column]! }],
  );
  return {
    ...base(values),
    height: 90,
    mark: { type: "line", point: true, color: COLORS[2] },
    encoding: {
      x: { ...X, title: null },
      y: { field: "loss", type: "quantitative", title: null, scale: { zero: false }, axis: { tickCount: 3 } },
      tooltip: [{ field: "step" }, { field: "loss", type: "quantitative", format: ".3f" }],
    },
  };
}

/** Exponential means of the values so far, without the bias towards the first. */
export function smoothed(values: readonly number[]): number[] {
  const keep = 1 - 1 / STEPS_SMOOTHED;
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}
