import type { NamedTable } from "../evaluate/evaluate";
import { REAL, type Evaluation } from "../evaluate/evaluation";
import { formatFigure } from "../evaluate/format-scores";
import type { Column } from "../table/columns";
import { formatCell, rowCount } from "../table/convert";
import type { TableSchema } from "../table/schema";
import { colorOf, columnChart, hasChart, type ChartSpec } from "./charts";
import { summarise } from "./distributions";
import { embedJson, Html, html } from "./html";
import { chartLibrary } from "./library";
import { columnLossChart, lossChart, lossColumns, type TrainingPoint } from "./loss-charts";
import { samplingSection, type SamplingFigures } from "./sampling-section";
import { scoreTable } from "./score-table";
import { SCRIPT, STYLE } from "./style";

export interface ReportOptions {
  /** what the table is about; default "Synthetic data report" */
  title?: string;
  evaluation: Evaluation;
  schema: TableSchema;
  /** the real rows that the distributions are compared with */
  train: Column[];
  synthetic: readonly NamedTable[];
  /** the steps of training, where there was one */
  training?: readonly TrainingPoint[];
  /** how the rows were drawn, where it is known */
  sampling?: SamplingFigures | undefined;
  /** names and values that make the result again: settings, seeds, versions */
  settings?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Rows of each synthetic table that the report shows. Real rows are never shown. */
const SAMPLE_ROWS = 8;

/** The scores and what is behind them as one HTML file that needs no network. */
export function renderReport(options: ReportOptions): string {
  const { evaluation, schema, synthetic } = options;
  const title = options.title ?? "Synthetic data report";
  const charts: ChartSpec[] = [];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'"
        />
        <title>${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="soft">
            ${evaluation.tables.map(({ name, rows }) => `${name}: ${rows} rows`).join(" · ")}${
              evaluation.target === null ? "" : ` · target: ${evaluation.target}`
            }
          </p>
        </header>
        <main>
          <h2>Scores</h2>
          ${warningList(evaluation.warnings)} ${scoreTable(evaluation)}
          <h2>Columns</h2>
          <p>
            Share of rows by value, real rows in grey. The figure is the column's shape score, 1 for the same
            distribution.
          </p>
          ${legend(synthetic)}
          <div class="grid">${schema.fields.map((_, index) => columnFigure(options, index, charts))}</div>
          ${trainingSection(options.training, charts)} ${samplingSection(options.sampling)}
          <h2>Rows</h2>
          ${synthetic.map(({ name, columns }) => sampleTable(name, columns, schema))}
          ${settingsSection(options.settings)}
          <noscript><p>The charts need JavaScript; the figures above do not.</p></noscript>
        </main>
        <script type="application/json" id="charts">
          ${embedJson(charts)}
        </script>
        ${chartLibrary().map(
          (text) =>
            html`<script>
              ${new Html(text)};
            </script> `,
        )}
        <script>
          ${new Html(SCRIPT)};
        </script>
      </body>
    </html> `;
  return page.text;
}

function warningList(warnings: readonly string[]): Html | undefined {
  if (warnings.length === 0) return undefined;
  return html`<ul class="warnings" aria-label="Warnings">
    ${warnings.map((warning) => html`<li>${warning}</li>`)}
  </ul>`;
}

function legend(synthetic: readonly NamedTable[]): Html {
  const names = ["real (train)", ...synthetic.map(({ name }) => name)];
  return html`<ul class="legend">
    ${names.map(
      (name, i) => html`<li><span class="swatch" style="background:${colorOf(i)}"></span>${name}</li>`,
    )}
  </ul>`;
}

function columnFigure(options: ReportOptions, index: number, charts: ChartSpec[]): Html {
  const { train, synthetic, schema } = options;
  const { name, description } = schema.fields[index]!;
  const real = train[index]!;
  const scores = synthetic.map(
    (table) => `${table.name} ${formatFigure(shapeOf(options.evaluation, table.name, name))}`,
  );
  if (!hasChart(real)) {
    return html`<figure>
      <figcaption>${name}<small>${summarise(real)}; not compared</small></figcaption>
    </figure> `;
  }
  // No synthetic table can be called that.
  charts.push(columnChart({ name: REAL, columns: train }, synthetic, index));
  return html`<figure>
    <figcaption>
      ${name}<small
        >${description === undefined ? "" : `${description} · `}${summarise(real)} ·
        ${scores.join(", ")}</small
      >
    </figcaption>
    <div
      class="chart"
      data-chart="${charts.length - 1}"
      role="img"
      aria-label="Distribution of ${name}"
    ></div>
  </figure> `;
}

/** The column's shape score of one table; null where it is not defined. */
function shapeOf(evaluation: Evaluation, table: string, column: string): number | null {
  const shapes = evaluation.metrics.find(({ name }) => name === "column-shapes");
  const detail = shapes?.scores.find((score) => score.table === table)?.detail;
  const columns = detail?.columns as { name: string; score: number | null }[] | undefined;
  return columns?.find(({ name }) => name === column)?.score ?? null;
}

function trainingSection(
  training: readonly TrainingPoint[] | undefined,
  charts: ChartSpec[],
): Html | undefined {
  if (training === undefined || training.length === 0) return undefined;
  charts.push(lossChart(training));
  return html`<h2>Training</h2>
    <p>
      Loss over the steps: how unlikely the model finds a row, in nats. Rows that it learns from, the same
      smoothed, and rows kept from it where they were looked at.
    </p>
    <div
      class="chart"
      data-chart="${charts.length - 1}"
      role="img"
      aria-label="Loss over the steps of training"
    ></div>
    ${columnLosses(training, charts)}`;
}

/** Where the holdout was looked at during training, what each column's cells cost. */
function columnLosses(training: readonly TrainingPoint[], charts: ChartSpec[]): Html | undefined {
  const names = lossColumns(training);
  if (names.length === 0) return undefined;
  return html`<p>The holdout's loss by column, in nats a cell:</p>
    <div class="grid">
      ${names.map((name) => {
        charts.push(columnLossChart(training, name));
        return html`<figure>
          <figcaption>${name}</figcaption>
          <div
            class="chart short"
            data-chart="${charts.length - 1}"
            role="img"
            aria-label="Holdout loss of ${name}"
          ></div>
        </figure> `;
      })}
    </div>`;
}

function sampleTable(name: string, columns: Column[], schema: TableSchema): Html {
  const rows = Array.from({ length: Math.min(SAMPLE_ROWS, rowCount(columns)) }, (_, row) => row);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Rows of ${name}">
    <table>
      <caption>
        The first rows of ${name}
      </caption>
      <thead>
        <tr>
          ${schema.fields.map((field) => html`<th scope="col">${field.name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${schema.fields.map((field, i) => html`<td>${formatCell(field, columns[i]!, row)}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

function settingsSection(settings: ReportOptions["settings"]): Html | undefined {
  if (settings === undefined) return undefined;
  return html`<h2>Settings</h2>
    <p>The same settings and seeds give the same rows and scores.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Settings">
      <table>
        <tbody>
          ${Object.entries(settings).map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td><code>${String(value)}</code></td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>`;
}
