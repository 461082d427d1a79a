import type { NamedTable } from "../evaluate/evaluate";
import { hasTime } from "../table/calendar";
import {
  dateNumbers,
  type CategoryColumn,
  type Column,
  type DateColumn,
  type NumberColumn,
} from "../table/columns";
import { categoryBars, numberBars, type NumberBar } from "./distributions";

/** A vega-lite specification: plain JSON. */
export type ChartSpec = Record<string, unknown>;

/** Colours by table: the real one first. They are CSS variables, so that a page's light and dark colours apply. */
export const COLORS = [
  "var(--real)",
  "var(--one)",
  "var(--two)",
  "var(--three)",
  "var(--four)",
  "var(--five)",
];

/** The distribution of one column in the real and the synthetic tables. */
export function columnChart(real: NamedTable, synthetic: readonly NamedTable[], index: number): ChartSpec {
  const tables = [real, ...synthetic];
  const names = tables.map(({ name }) => name);
  const columns = tables.map((table) => table.columns[index]!);
  if (columns.every((column) => column.kind === "date")) return dateChart(names, columns, color(names));
  return isNumber(columns)
    ? numberChart(names, columns, color(names))
    : categoryChart(names, columns as CategoryColumn[], color(names));
}

/** Whether a column has a chart: texts and identifiers have none. */
export function hasChart(column: Column): boolean {
  return column.kind !== "text";
}

function color(names: string[]): ChartSpec {
  return { field: "table", type: "nominal", legend: null, scale: scaleOf(names), sort: names };
}

function isNumber(columns: Column[]): columns is NumberColumn[] {
  return columns[0]!.kind === "number";
}

/** Vega cycles through a range that is shorter than the domain. */
function scaleOf(names: string[]): ChartSpec {
  return { domain: names, range: names.map((_, i) => colorOf(i)) };
}

/** Colour of the table with this number, 0 the real one. */
export function colorOf(index: number): string {
  return index === 0 ? COLORS[0]! : COLORS[1 + ((index - 1) % (COLORS.length - 1))]!;
}

/** A row for each of the values of a field, in it a bar a table. */
export function barsByTable(field: string, values: string[], tables: string[]): ChartSpec {
  const axis = { labelLimit: 130, ticks: false };
  return {
    y: { field, type: "nominal", sort: values, title: null, axis },
    yOffset: { field: "table", type: "nominal", sort: tables },
  };
}

const SHARE = { field: "share", type: "quantitative", axis: { format: ".0%", tickCount: 4 }, title: null };

function numberChart(names: string[], columns: NumberColumn[], color: ChartSpec): ChartSpec {
  return histogram(names, numberBars(names, columns), color, "quantitative");
}

/** Over an axis of time: vega's unit is the millisecond, its zone here UTC. */
function dateChart(names: string[], columns: DateColumn[], color: ChartSpec): ChartSpec {
  const unit = columns.some(({ scaled }) => scaled.some(hasTime)) ? 1000 : 86_400_000;
  const bars = numberBars(names, columns.map(dateNumbers));
  const timed = bars.map((bar) => ({ ...bar, from: bar.from * unit, to: bar.to * unit }));
  return histogram(names, timed, color, "temporal");
}

/** The real histogram as an area, the others as steps over it. */
function histogram(
  names: string[],
  bars: NumberBar[],
  color: ChartSpec,
  type: "quantitative" | "temporal",
): ChartSpec {
  const [first] = names;
  const tooltip = [
    { field: "table", type: "nominal" },
    { field: "from", type },
    { field: "to", type },
    { field: "share", type: "quantitative", format: ".1%" },
  ];
  const x = {
    field: "from",
    type,
    title: null,
    scale: type === "temporal" ? { type: "utc" } : { zero: false, nice: false },
    axis: { tickCount: 6 },
  };
  // The last step of a line would have no width: each table ends with its last bar's right edge.
  const ends = names.flatMap((name) => {
    const last = bars.filter(({ table }) => table === name).pop();
    return last ? [{ ...last, from: last.to }] : [];
  });
  return {
    ...base([...bars, ...ends]),
    encoding: { x, color },
    layer: [
      {
        transform: [{ filter: { field: "table", equal: first } }],
        mark: { type: "area", interpolate: "step-after", opacity: 0.45 },
        encoding: { y: { ...SHARE, stack: null }, tooltip },
      },
      {
        transform: [{ filter: { not: { field: "table", equal: first } } }],
        mark: { type: "line", interpolate: "step-after", strokeWidth: 1.8 },
        encoding: { y: SHARE, tooltip },
      },
    ],
  };
}

function categoryChart(names: string[], columns: CategoryColumn[], color: ChartSpec): ChartSpec {
  const bars = categoryBars(names, columns);
  const values = [...new Set(bars.map(({ value }) => value))];
  return {
    ...base(bars),
    height: values.length * Math.max(18, 7 * names.length),
    mark: { type: "bar" },
    encoding: {
      ...barsByTable("value", values, names),
      x: SHARE,
      color,
      tooltip: [
        { field: "table", type: "nominal" },
        { field: "value", type: "nominal" },
        { field: "share", type: "quantitative", format: ".1%" },
      ],
    },
  };
}

/** What every chart has: its data, the width of its place, colours that follow the page's. */
export function base(values: object[]): ChartSpec {
  return {
    data: { values },
    width: "container",
    autosize: { type: "fit-x", contains: "padding" },
    height: 130,
    background: "transparent",
    config: {
      font: "system-ui, sans-serif",
      axis: {
        labelColor: "var(--ink)",
        titleColor: "var(--ink)",
        gridColor: "var(--line)",
        domainColor: "var(--line)",
        tickColor: "var(--line)",
      },
      legend: { labelColor: "var(--ink)", titleColor: "var(--ink)", orient: "top" },
      view: { stroke: null },
    },
  };
}
