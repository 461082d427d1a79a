import { rowCount } from "../../table/columns";
import { shareInterval } from "../intervals";
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
  async compute(_, { wholeTrain, once }, whole) {
    const index = once("row index", () => new RowIndex(wholeTrain));
    const n = rowCount(whole);
    let copies = 0;
    for (let row = 0; row < n; row++) if (index.has(whole, row)) copies++;
    return { value: copies / n, interval: shareInterval(copies, n), detail: { copies } };
  },
};
