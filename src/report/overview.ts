import type { Evaluation } from "../evaluate/evaluation";
import { html, type Html } from "./html";
import { verdictsOf, type Level } from "./verdicts";

/** Signs beside the colours, for who does not see these. */
const SIGNS: Readonly<Record<Level, string>> = { good: "✓", fair: "~", poor: "✗", unknown: "–" };

/** A verdict per area on each synthetic table. */
export function overview(evaluation: Evaluation): Html {
  const tables = evaluation.tables.filter(({ role }) => role === "synthetic");
  return html`${tables.map(
    ({ name }) =>
      html`<h3>${name}</h3>
        <div class="verdicts">
          ${verdictsOf(evaluation, name).map(
            ({ area, level, headline, reasons }) =>
              html`<section class="verdict ${level}" aria-label="${area} of ${name}">
                <p class="area">${area}</p>
                <p class="headline"><span aria-hidden="true">${SIGNS[level]}</span> ${headline}</p>
                <ul>
                  ${reasons.map((reason) => html`<li>${reason}</li>`)}
                </ul>
              </section> `,
          )}
        </div> `,
  )}`;
}
