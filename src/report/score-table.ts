import type { Evaluation, MetricScores, Score } from "../evaluate/evaluation";
import { BETTER, formatFigure } from "../evaluate/format-scores";
import { html, type Html } from "./html";

const AREAS: Readonly<Record<MetricScores["area"], string>> = {
  utility: "Utility: do models learn from it?",
  fidelity: "Fidelity: does it look real?",
  privacy: "Privacy: does it give training rows away?",
};

/** All figures: a line each, the yardstick before the synthetic tables, with what they mean. */
export function scoreTable(evaluation: Evaluation): Html {
  const tables = evaluation.metrics[0]?.scores.map(({ table }) => table) ?? [];
  return html`<p>
      “real” is the yardstick: for machine learning efficiency (MLE) models trained on the real training rows,
      else real test rows scored as if they were synthetic. Below a figure, its 95 % interval.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Scores">
      <table>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Better</th>
            ${tables.map((table) => html`<th scope="col" class="figure">${table}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${(["utility", "fidelity", "privacy"] as const).map((area) => areaRows(evaluation, area, tables.length))}
        </tbody>
      </table>
    </div>`;
}

function areaRows(evaluation: Evaluation, area: MetricScores["area"], nTables: number): Html | undefined {
  const metrics = evaluation.metrics.filter((metric) => metric.area === area);
  if (metrics.length === 0) return undefined;
  return html`<tr class="area">
      <th colspan="${nTables + 2}" scope="rowgroup">${AREAS[area]}</th>
    </tr>
    ${metrics.map(metricRows)}`;
}

function metricRows({ title, description, direction, parts, scores }: MetricScores): Html {
  return html`<tr>
      <th scope="row">${title}<small>${description}</small></th>
      <td>${better(direction)}</td>
      ${scores.map((score) => html`<td class="figure"><strong>${formatFigure(score.value)}</strong>${interval(score)}</td>`)}
    </tr>
    ${parts.map(
      (part) =>
        html`<tr class="part">
          <th scope="row">${part.title}</th>
          <td>${better(part.direction)}</td>
          ${scores.map(
            (score) => html`<td class="figure">${formatFigure(score.parts[part.key] ?? null)}</td>`,
          )}
        </tr> `,
    )}`;
}

/** The ends of the 95 % interval, below the figure. */
function interval({ interval: ends }: Score): Html | undefined {
  if (ends === null || ends[0] === null || ends[1] === null) return undefined;
  return html`<small>${formatFigure(ends[0])} to ${formatFigure(ends[1])}</small>`;
}

const ARROWS: Readonly<Record<MetricScores["direction"], string>> = { higher: "↑", lower: "↓", half: "½" };

/** An arrow, and in words where there is room for them. */
function better(direction: MetricScores["direction"]): Html {
  return html`<span aria-hidden="true">${ARROWS[direction]}</span>
    <span class="words">${BETTER[direction]}</span>`;
}
