import { REAL, scoreOf, type Evaluation } from "../evaluate/evaluation";
import { formatFigure } from "../evaluate/format-scores";
import type { ChartList } from "./chart-list";
import { colorOf, columnChart, hasChart } from "./charts";
import type { Compared } from "./comparison-sections";
import { summarise } from "./distributions";
import { html, type Html } from "./html";

/** The distribution of each column in the real and the synthetic tables. */
export function columnSection(compared: Compared, charts: ChartList): Html {
  const names = ["real (train)", ...compared.synthetic.map(({ name }) => name)];
  return html`<h2 id="columns">Columns</h2>
    <p>
      Share of rows by value, real rows in grey. The figure is the column's shape score, 1 for the same
      distribution.
    </p>
    <ul class="legend">
      ${names.map(
        (name, i) => html`<li><span class="swatch" style="background:${colorOf(i)}"></span>${name}</li>`,
      )}
    </ul>
    <div class="grid">
      ${compared.schema.fields.map((_, index) => columnFigure(compared, index, charts))}
    </div>`;
}

function columnFigure(
  { evaluation, schema, train, synthetic }: Compared,
  index: number,
  charts: ChartList,
): Html {
  const { name, description } = schema.fields[index]!;
  const real = train[index]!;
  if (!hasChart(real)) {
    return html`<figure>
      <figcaption>${name}<small>${summarise(real)}; not compared</small></figcaption>
    </figure> `;
  }
  const scores = synthetic.map(
    (table) => `${table.name} ${formatFigure(shapeOf(evaluation, table.name, name))}`,
  );
  const about = description === undefined ? "" : `${description} · `;
  return charts.figure(
    // No synthetic table can be called that.
    columnChart({ name: REAL, columns: train }, synthetic, index),
    `Distribution of ${name}`,
    html`${name}<small>${about}${summarise(real)} · ${scores.join(", ")}</small>`,
  );
}

/** The column's shape score of one table; null where it is not defined. */
function shapeOf(evaluation: Evaluation, table: string, column: string): number | null {
  const columns = scoreOf(evaluation, "column-shapes", table)?.detail.columns as
    { name: string; score: number | null }[] | undefined;
  return columns?.find(({ name }) => name === column)?.score ?? null;
}
