import { rowCount } from "../../table/convert";
import type { Metric } from "../metric";
import { RowIndex } from "../row-index";

/** Share of rows that equal a training row in every cell. */
export const exactCopies: Metric = {
  name: "exact-copies",
  title: "Exact copies",
  area: "privacy",
  direction: "lower",
  description:
    "Share of rows that equal a training row in every cell; fresh real rows show how many do so by chance.",
  parts: [],
  yardstick: "fresh",
  async compute(table, { train }) {
    const index = new RowIndex(train);
    const n = rowCount(table);
    let copies = 0;
    for (let row = 0; row < n; row++) if (index.has(table, row)) copies++;
    return { value: copies / n, detail: { copies } };
  },
};
