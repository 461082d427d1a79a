import type { ChartList } from "./chart-list";
import { html, type Html } from "./html";
import { columnLossChart, lossChart, lossColumns, type TrainingPoint } from "./loss-charts";

/** Loss curves of the training. */
export function trainingSection(
  training: readonly TrainingPoint[] | undefined,
  charts: ChartList,
): Html | undefined {
  if (training === undefined || training.length === 0) return undefined;
  return html`<h2 id="training">Training</h2>
    <p>
      Loss over the steps: how unlikely the model finds a row, in nats. Rows that it learns from, the same
      smoothed, and rows kept from it where they were looked at.
    </p>
    ${charts.place(lossChart(training), "Loss over the steps of training")} ${columnLosses(training, charts)}`;
}

/** Where rows left out were looked at during training, what each column's cells cost. */
function columnLosses(training: readonly TrainingPoint[], charts: ChartList): Html | undefined {
  const names = lossColumns(training);
  if (names.length === 0) return undefined;
  return html`<p>The loss of the rows kept from it by column, in nats a cell:</p>
    <div class="grid">
      ${names.map((name) =>
        charts.figure(columnLossChart(training, name), `Validation loss of ${name}`, name, "short"),
      )}
    </div>`;
}
