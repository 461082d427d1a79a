import { cellsOf } from "../evaluate/cells";
import type { NamedTable } from "../evaluate/evaluate";
import type { Evaluation } from "../evaluate/evaluation";
import { scored } from "../evaluate/scored";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import type { ChartList } from "./chart-list";
import { colorOf } from "./charts";
import { distanceChart } from "./distance-charts";
import { embed, embeddingChart } from "./embedding";
import { html, type Html } from "./html";
import { learnerChart } from "./learner-chart";
import { relationChart, relationsOf } from "./relations";

export interface Compared {
  evaluation: Evaluation;
  schema: TableSchema;
  train: Column[];
  synthetic: readonly NamedTable[];
}

/** What each learner scores, fitted on each table. */
export function learnerSection({ evaluation }: Compared, charts: ChartList): Html | undefined {
  const chart = learnerChart(evaluation);
  if (chart === undefined) return undefined;
  return html`<h2 id="learners">Learners</h2>
    <p>
      Models fitted on each table's rows and tested on the same real rows; grey: fitted on real rows. Lines
      are 95 % intervals.
    </p>
    ${charts.place(chart, "Scores of each learner by table")}`;
}

/** Heat maps of how columns go together, a line of three for each synthetic table. */
export function relationSection(compared: Compared, charts: ChartList): Html | undefined {
  const { columnsOf } = scored(compared.schema);
  const train = cellsOf(columnsOf(compared.train));
  if (train.length < 2) return undefined;
  return html`<h2 id="relations">Relations between columns</h2>
    <p>
      Correlations of numbers, and Cramér's V where a category is one of the two: the stronger the colour the
      closer they go together, <span class="minus">orange</span> for negative correlations,
      <span class="plus">blue</span> for all else. The last map shows what the synthetic table has too much or
      too little of: it should be pale.
    </p>
    ${compared.synthetic.map(({ name, columns }) => {
      const relations = relationsOf(train, cellsOf(columnsOf(columns)));
      const map = (what: "real" | "scored" | "difference", caption: string): Html =>
        charts.figure(relationChart(relations, what), `Relations between columns: ${caption}`, caption);
      return html`<div class="grid">
        ${map("real", "real (train)")} ${map("scored", name)} ${map("difference", `${name} less real`)}
      </div> `;
    })}`;
}

/** Where synthetic rows lie among the real ones. */
export function embeddingSection({ schema, train, synthetic }: Compared, charts: ChartList): Html {
  const embedding = embed(train, schema);
  return html`<h2 id="plane">Rows on a plane</h2>
    <p>
      Rows along the two directions in which real rows vary most (principal components,
      ${(100 * embedding.explained).toFixed(0)} % of the variance). Grey squares hold real rows, the darker
      the more; points are synthetic rows. Points where nothing is grey, or grey without points, are what a
      table invents or misses.
    </p>
    <div class="grid">
      ${synthetic.map(({ name, columns }, i) =>
        charts.figure(embeddingChart(embedding, columns, colorOf(i + 1)), `Rows of ${name} on a plane`, name),
      )}
    </div>`;
}

/** How far rows are from their closest real rows. */
export function distanceSection({ evaluation, synthetic }: Compared, charts: ChartList): Html | undefined {
  const figures = synthetic.flatMap(({ name }) => {
    const chart = distanceChart(evaluation, name);
    return chart ? [charts.figure(chart, `Distances of ${name} to the closest real rows`, name)] : [];
  });
  if (figures.length === 0) return undefined;
  return html`<h2 id="distances">Distances to real rows</h2>
    <p>
      From each synthetic row to its closest training row, and in grey to its closest among as many real rows
      never seen. Where the line stands above the grey near 0, rows lie closer to what was trained on than
      they should.
    </p>
    <div class="grid">${figures}</div>`;
}
