import { binCells, equalCounts, Shares } from "../evaluate/bins";
import { pickRows, type Cells } from "../evaluate/cells";
import { correlation } from "../evaluate/correlation";
import { sampleIds } from "../evaluate/rows";
import { Random } from "../random";
import { rowCount } from "../table/columns";
import { base, type ChartSpec } from "./charts";

/** More columns than that would not be read. */
const MAX_COLUMNS = 40;
/** Rows are sampled beyond. */
const MAX_ROWS = 20_000;
/** Bins of a number beside a category. */
const BINS = 10;

/** How two columns go together, in the real table and in another. */
export interface Relation {
  x: string;
  y: string;
  real: number | null;
  scored: number | null;
}

/**
 * Relations of each two of the first columns: of two numbers Pearson's r, else Cramer's V, numbers in ten bins that hold
 * as many real values each. Null where one of the columns is constant.
 */
export function relationsOf(train: readonly Cells[], scored: readonly Cells[]): Relation[] {
  const shown = Math.min(MAX_COLUMNS, train.length);
  const borders = train.map((column) => (column.kind === "number" ? equalCounts(column, BINS) : []));
  const tables = [train, scored].map((columns) => {
    const n = rowCount(columns);
    return n <= MAX_ROWS ? columns : pickRows(columns, sampleIds(n, MAX_ROWS, new Random("relations")));
  });
  const binned = tables.map((columns) => columns.map((column, i) => binCells(column, borders[i]!)));
  const relation = (table: 0 | 1, i: number, j: number): number | null => {
    const [a, b] = [tables[table]![i]!, tables[table]![j]!];
    const value =
      a.kind === "number" && b.kind === "number"
        ? correlation(a.scaled, b.scaled)
        : cramersV(binned[table]![i]!, binned[table]![j]!);
    return Number.isFinite(value) ? Math.round(1000 * value) / 1000 : null;
  };
  const names = train.map(({ name }) => name);
  return Array.from({ length: shown }, (_, i) =>
    Array.from({ length: i }, (_, j) => ({
      ...{ x: names[j]!, y: names[i]! },
      ...{ real: relation(0, i, j), scored: relation(1, i, j) },
    })),
  ).flat();
}

function cramersV(a: ReturnType<typeof binCells>, b: ReturnType<typeof binCells>): number {
  return new Shares([a.size, b.size], [a.bins, b.bins]).cramersV(a.bins.length);
}

/** Squares of each pair's strength, its sign told by colour: of the real table, of the other, or of their difference. */
export function relationChart(
  relations: readonly Relation[],
  what: "real" | "scored" | "difference",
): ChartSpec {
  const order = [...new Set(relations.flatMap(({ x, y }) => [x, y]))];
  const values = relations.flatMap(({ x, y, real, scored }) => {
    const value = what === "difference" ? minus(scored, real) : what === "real" ? real : scored;
    return value === null ? [] : [{ x, y, value, strength: Math.abs(value), sign: value < 0 ? "-" : "+" }];
  });
  const axis = (angle: number): ChartSpec => ({
    ...{ title: null, ticks: false, domain: false, labelLimit: 90, labelAngle: angle },
    ...{ labelOverlap: order.length > 16 },
  });
  return {
    ...base(values),
    height: Math.max(140, Math.min(320, 17 * order.length)),
    mark: { type: "rect", stroke: "var(--line)", strokeWidth: 0.5 },
    encoding: {
      x: { field: "x", type: "nominal", scale: { domain: order.slice(0, -1) }, axis: axis(-60) },
      y: { field: "y", type: "nominal", scale: { domain: order.slice(1) }, axis: axis(0) },
      color: {
        field: "sign",
        type: "nominal",
        legend: null,
        scale: { domain: ["+", "-"], range: ["var(--two)", "var(--one)"] },
      },
      opacity: {
        field: "strength",
        type: "quantitative",
        legend: null,
        scale: { domain: [0, 1], range: [0.03, 1] },
      },
      tooltip: [{ field: "x" }, { field: "y" }, { field: "value", type: "quantitative", format: "+.2f" }],
    },
  };
}

const minus = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : a - b;
