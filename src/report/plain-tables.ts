import type { NamedTable } from "../evaluate/evaluate";
import { rowCount } from "../table/columns";
import { formatCell } from "../table/convert";
import type { TableSchema } from "../table/schema";
import { html, type Html } from "./html";

/** Rows of each synthetic table that the report shows. Real rows are never shown. */
const SAMPLE_ROWS = 8;

/** What made the tables: settings, seeds, versions. */
export type ReportSettings = Readonly<Record<string, string | number | boolean | null>>;

/** The first rows of each synthetic table. */
export function rowsSection(synthetic: readonly NamedTable[], schema: TableSchema): Html {
  return html`<h2 id="rows">Rows</h2>
    ${synthetic.map((table) => firstRows(table, schema))}`;
}

function firstRows({ name, columns }: NamedTable, schema: TableSchema): Html {
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

export function settingsSection(settings: ReportSettings | undefined): Html | undefined {
  if (settings === undefined) return undefined;
  return html`<h2 id="settings">Settings</h2>
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
