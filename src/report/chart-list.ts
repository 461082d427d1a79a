import type { ChartSpec } from "./charts";
import { html, type Html } from "./html";

/** The charts of a page, in the order of their places in it. */
export class ChartList {
  readonly specs: ChartSpec[] = [];

  /** The place where the page's script draws a chart; `label` tells what it shows to who cannot see it. */
  place(spec: ChartSpec, label: string, kind: "" | "short" = ""): Html {
    this.specs.push(spec);
    return html`<div
      class="chart ${kind}"
      data-chart="${this.specs.length - 1}"
      role="img"
      aria-label="${label}"
    ></div>`;
  }

  /** The same under a caption, for a grid. */
  figure(spec: ChartSpec, label: string, caption: Html | string, kind: "" | "short" = ""): Html {
    return html`<figure>
      <figcaption>${caption}</figcaption>
      ${this.place(spec, label, kind)}
    </figure> `;
  }
}
