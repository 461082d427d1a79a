import { fitEncoding } from "../encode/encoding";
import { sampleIds } from "../evaluate/rows";
import { Random } from "../random";
import { rowCount, selectRows, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { base, type ChartSpec } from "./charts";
import { principalAxes, project } from "./principal-axes";

/** Rows of a table that are looked at, and synthetic rows that are drawn as points. */
const MAX_ROWS = 2_000;
const MAX_POINTS = 600;
/** Squares along each axis. */
const GRID = 32;

/** A plane through the real rows, and where rows lie on it. */
export interface Embedding {
  /** squares of the plane that hold real rows, with their share of them; no real row is shown by itself */
  squares: { x: number; y: number; share: number }[];
  /** share of the variance along both axes */
  explained: number;
  /** places of a table's rows, (m, 2) */
  place(columns: readonly Column[]): { x: number; y: number }[];
}

/** The plane of most variance of the real rows, as points in which each column counts the same at most. */
export function embed(train: readonly Column[], schema: TableSchema): Embedding {
  const encoding = fitEncoding(train, schema, { target: true });
  const sample = (columns: readonly Column[], size: number): readonly Column[] => {
    const n = rowCount(columns);
    return n <= size ? columns : selectRows(columns, sampleIds(n, size, new Random("embedding")));
  };
  const { data, n, d } = encoding.encode(sample(train, MAX_ROWS));
  const axes = principalAxes(data, n, d);
  const places = project(data, n, axes);
  const counts = new Map<string, { x: number; y: number; share: number }>();
  const low = [0, 1].map((axis) => extreme(places, axis, Math.min));
  const step = [0, 1].map((axis) => (extreme(places, axis, Math.max) - low[axis]!) / GRID || 1);
  for (let i = 0; i < n; i++) {
    const [column, row] = [0, 1].map((axis) =>
      Math.floor((places[2 * i + axis]! - low[axis]!) / step[axis]!),
    );
    const key = `${column},${row}`;
    const square = counts.get(key) ?? {
      x: round(low[0]! + (column! + 0.5) * step[0]!),
      y: round(low[1]! + (row! + 0.5) * step[1]!),
      share: 0,
    };
    counts.set(key, { ...square, share: square.share + 1 / n });
  }
  return {
    squares: [...counts.values()].map((square) => ({
      ...square,
      share: Number(square.share.toPrecision(2)),
    })),
    explained: axes.explained,
    place(columns) {
      const points = encoding.encode(sample(columns, MAX_POINTS));
      const found = project(points.data, points.n, axes);
      return Array.from({ length: points.n }, (_, i) => ({
        x: round(found[2 * i]!),
        y: round(found[2 * i + 1]!),
      }));
    },
  };
}

/** Synthetic rows as points over the squares of the real ones. */
export function embeddingChart(embedding: Embedding, columns: readonly Column[], color: string): ChartSpec {
  const axis = { title: null, labels: false, ticks: false, tickCount: 6 };
  const x = { field: "x", type: "quantitative", axis, scale: { zero: false } };
  const y = { ...x, field: "y" };
  return {
    ...base([]),
    height: 260,
    layer: [
      {
        data: { values: embedding.squares },
        mark: { type: "square", size: 60, color: "var(--real)", filled: true },
        encoding: {
          ...{ x, y },
          opacity: {
            field: "share",
            type: "quantitative",
            legend: null,
            scale: { type: "sqrt", range: [0.12, 0.9] },
          },
        },
      },
      {
        data: { values: embedding.place(columns) },
        mark: { type: "circle", size: 9, color, opacity: 0.6 },
        encoding: { x, y },
      },
    ],
  };
}

function extreme(places: Float64Array, axis: number, of: (a: number, b: number) => number): number {
  let value = places[axis]!;
  for (let at = axis; at < places.length; at += 2) value = of(value, places[at]!);
  return value;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
