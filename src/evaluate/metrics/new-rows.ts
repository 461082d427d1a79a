import { rowCount } from "../../table/columns";
import { shareInterval } from "../intervals";
import type { Metric } from "../metric";
import { NearRows } from "../near-rows";

/**
 * NRS: the share of rows that match no training row, as SDMetrics' NewRowSynthesis defines a match: categories equal,
 * numbers within one per cent of the row's own, missing cells both missing. Texts do not count.
 */
export const newRows: Metric = {
  name: "new-rows",
  title: "New rows",
  area: "privacy",
  direction: "higher",
  description: "Share of rows that match no training row, numbers to within one per cent (SDMetrics' NRS).",
  parts: [],
  yardstick: "fresh",
  async compute(table, { train, once }) {
    const index = once("near rows", () => new NearRows(train));
    const n = rowCount(table);
    let found = 0;
    for (let row = 0; row < n; row++) if (!index.has(table, row)) found++;
    return {
      value: found / n,
      interval: shareInterval(found, n),
      detail: { new: found, matched: n - found },
    };
  },
};
