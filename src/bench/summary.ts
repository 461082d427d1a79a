import { deviation } from "../evaluate/intervals";
import { figureOf } from "../evaluate/evaluation";
import { mean } from "../evaluate/rows";
import { layOut } from "../lay-out";
import { ORIGINAL, type Cell } from "./bench";
import type { BenchFile } from "./bench-file";
import { PUBLISHED, publishedFigure, type MeasureName } from "./published";

/** One measure of one method on one table. */
export interface BenchFigure {
  table: string;
  measure: string;
  method: string;
  /** over the seeds; null where it is not defined */
  mean: number | null;
  /** standard deviation over the seeds; null of fewer than two */
  deviation: number | null;
  seeds: number;
  /** the paper's; null where it gives none */
  published: number | null;
}

/** The structure of bench.json. */
export interface BenchResult {
  version: 1;
  figures: BenchFigure[];
}

/** Means over the seeds, each beside the published figure. */
export function summarise(cells: readonly Cell[], bench: BenchFile): BenchResult {
  const methods = [ORIGINAL, ...Object.keys(bench.methods)];
  // What the paper gives and is not computed here stands there as well.
  const computed = cells.flatMap(({ figures }) => Object.keys(figures));
  const measures = [...new Set([...Object.keys(PUBLISHED), ...computed])];
  const figures = measures.flatMap((measure) =>
    Object.keys(bench.tables).flatMap((table) =>
      methods.map((method): BenchFigure => {
        const bySeed = new Map<number, number>();
        for (const cell of cells) {
          const value = cell.figures[measure];
          const same = cell.table === table && cell.method === method;
          if (same && value !== null && value !== undefined) bySeed.set(cell.seed, value);
        }
        const values = [...bySeed.values()];
        const published = isPublished(measure) ? publishedFigure(measure, table, method) : undefined;
        return {
          ...{ table, measure, method, seeds: values.length, published: published ?? null },
          ...{ mean: figureOf(mean(values)), deviation: figureOf(deviation(values)) },
        };
      }),
    ),
  );
  return { version: 1, figures };
}

const isPublished = (measure: string): measure is MeasureName => measure in PUBLISHED;

/** A table a measure, a line a data set: mean ± deviation over the seeds, the published figure in brackets. */
export function formatBench({ figures }: BenchResult): string {
  const measures = [...new Set(figures.map(({ measure }) => measure))];
  const methods = [...new Set(figures.map(({ method }) => method))];
  const tables = [...new Set(figures.map(({ table }) => table))];
  const blocks = measures.map((measure) => {
    const cell = (table: string, method: string): string =>
      formatCell(figures.find((f) => f.table === table && f.method === method && f.measure === measure)!);
    const lines = tables.map((table) => [table, ...methods.map((method) => cell(table, method))]);
    return layOut([[measure, ...methods], ...lines], 1);
  });
  return `${blocks.join("\n")}\nmean ±deviation over the seeds [published]\n`;
}

function formatCell({ mean, deviation, published }: BenchFigure): string {
  const ours =
    mean === null ? "-" : mean.toFixed(2) + (deviation === null ? "" : ` ±${deviation.toFixed(2)}`);
  return published === null ? ours : `${ours} [${published.toFixed(2)}]`;
}
