import type { NamedTable } from "../evaluate/evaluate";
import type { Evaluation } from "../evaluate/evaluation";
import type { Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { ChartList } from "./chart-list";
import { columnSection } from "./column-section";
import { distanceSection, embeddingSection, learnerSection, relationSection } from "./comparison-sections";
import { embedJson, Html, html } from "./html";
import { chartLibrary } from "./library";
import type { TrainingPoint } from "./loss-charts";
import { overview } from "./overview";
import { rowsSection, settingsSection, type ReportSettings } from "./plain-tables";
import { samplingSection, type SamplingFigures } from "./sampling-section";
import { scoreTable } from "./score-table";
import { SCRIPT, STYLE } from "./style";
import { trainingSection } from "./training-section";

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
  settings?: ReportSettings;
}

/** The scores and what is behind them as one HTML file that needs no network. */
export function renderReport(options: ReportOptions): string {
  const { evaluation, schema, synthetic } = options;
  const title = options.title ?? "Synthetic data report";
  const charts = new ChartList();
  const sections = [
    learnerSection(options, charts),
    columnSection(options, charts),
    relationSection(options, charts),
    embeddingSection(options, charts),
    distanceSection(options, charts),
    trainingSection(options.training, charts),
    samplingSection(options.sampling),
    rowsSection(synthetic, schema),
    settingsSection({ "seed of the evaluation": evaluation.seed, ...options.settings }),
  ].filter((section) => section !== undefined);
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
          ${contents(["overview", "scores"], sections)}
        </header>
        <main>
          <h2 id="overview">Overview</h2>
          ${overview(evaluation)} ${warningList(evaluation.warnings)}
          <noscript><p>The charts need JavaScript; the figures do not.</p></noscript>
          <h2 id="scores">Scores</h2>
          ${scoreTable(evaluation)} ${sections}
        </main>
        <script type="application/json" id="charts">
          ${embedJson(charts.specs)}
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

/** Links to the page's headings, from their ids. */
function contents(first: readonly string[], sections: readonly Html[]): Html {
  const ids = [...first, ...sections.flatMap(({ text }) => /<h2 id="([a-z]+)">/.exec(text)?.[1] ?? [])];
  return html`<nav aria-label="Sections">
    <ul class="legend">
      ${ids.map((id) => html`<li><a href="#${id}">${id}</a></li>`)}
    </ul>
  </nav>`;
}

function warningList(warnings: readonly string[]): Html | undefined {
  if (warnings.length === 0) return undefined;
  return html`<ul class="warnings" aria-label="Warnings">
    ${warnings.map((warning) => html`<li>${warning}</li>`)}
  </ul>`;
}
