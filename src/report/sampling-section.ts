import { Html, html } from "./html";

/** What the report tells of how rows were drawn. */
export interface SamplingFigures {
  rows: number;
  /** draws thrown away, by reason */
  redraws: Readonly<Record<string, number>>;
  /** mean over the rows of the share of the model's probability on allowed tokens, by column */
  allowedMass?: Readonly<Record<string, number>>;
  /** categories that the model has neither learnt nor drawn, since fewer rows than `fewerThan` have each */
  rare?: {
    fewerThan: number;
    /** distinct ones, by column */
    values: Readonly<Record<string, number>>;
    /** rows that have one, by column */
    rows: Readonly<Record<string, number>>;
  };
}

const REASONS: Readonly<Record<string, string>> = {
  copies: "equal to a row trained on",
  near: "nearer to a row trained on than allowed",
  failed: "against a rule",
};

export function samplingSection(figures: SamplingFigures | undefined): Html | undefined {
  if (figures === undefined) return undefined;
  const { rows, redraws, allowedMass, rare } = figures;
  const reasons = Object.entries(redraws).map(([reason, n]) => `${n} ${REASONS[reason] ?? reason}`);
  return html`<h2 id="sampling">Sampling</h2>
    <p>Drawn again for ${rows} rows: ${reasons.join(", ")}.</p>
    ${rareCategories(rare)} ${weakColumns(allowedMass)}`;
}

function rareCategories(rare: SamplingFigures["rare"]): Html | undefined {
  if (rare === undefined) return undefined;
  const columns = Object.entries(rare.values).map(
    ([name, values]) => `${values} of ${name} (in ${rare.rows[name]} rows)`,
  );
  return html`<p>
    Protected: categories of fewer than ${rare.fewerThan} rows, which were neither learned nor drawn:
    ${columns.length === 0 ? "there were none" : columns.join(", ")}.
  </p>`;
}

/** The columns from the weakest on. */
function weakColumns(masses: SamplingFigures["allowedMass"]): Html | undefined {
  if (masses === undefined) return undefined;
  const sorted = Object.entries(masses).sort(([, a], [, b]) => a - b);
  return html`<p>
      Share of the model's probability that lay on values the schema allows, before all others were ruled out:
      where it is low the model has not learned what the column holds.
    </p>
    <table>
      <thead>
        <tr>
          <th scope="col">column</th>
          <th scope="col">allowed</th>
        </tr>
      </thead>
      <tbody>
        ${sorted.map(
          ([name, mass]) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td>${mass.toFixed(4)}</td>
            </tr> `,
        )}
      </tbody>
    </table>`;
}
