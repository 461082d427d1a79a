import { attack, notesOnFew } from "../attack";
import type { Metric } from "../metric";
import type { ModelLosses, PairedLosses } from "../model-losses";
import { FEWEST_ROWS, OTHER_MODEL } from "./data-leakage";

/**
 * Membership inference by who has the model itself: rows that it finds likely are taken for members (Yeom et al. 2018), or
 * rows that it finds likelier than its base does (Carlini et al. 2021), which tells rows remembered from rows that are
 * common.
 */
export function lossMembership(losses: ModelLosses): Metric {
  return {
    name: "loss-membership",
    title: "Membership inference by loss",
    area: "privacy",
    direction: "half",
    description:
      "How well an attacker who has the model, not only its rows, tells training rows from rows never seen by how " +
      "likely it finds them (AUC): 0.5 is by chance, 1 always.",
    parts: [
      { key: "found", title: "members found at 1 % false alarms", direction: "lower" },
      { key: "calibrated", title: "AUC by the loss less the base's", direction: "half" },
      { key: "calibrated-found", title: "members found by it at 1 % false alarms", direction: "lower" },
    ],
    yardstick: "fresh",
    async compute(_table, _context, _whole, name) {
      const compared = await losses.of(name);
      if (!compared) return { value: NaN, notes: [OTHER_MODEL] };
      const { members, others } = compared;
      const n = members.model.nats.length;
      const fewest = Math.min(n, others.model.nats.length);
      if (fewest < FEWEST_ROWS) return { value: NaN, notes: [`fewer than ${FEWEST_ROWS} rows of a kind`] };
      const both = (score: (rows: PairedLosses, row: number) => number): Float64Array =>
        Float64Array.of(
          ...members.model.nats.map((_, row) => score(members, row)),
          ...others.model.nats.map((_, row) => score(others, row)),
        );
      const byLoss = attack(
        both(({ model }, row) => -model.nats[row]!),
        n,
      );
      const calibrated = attack(
        both(({ model, base }, row) => base.nats[row]! - model.nats[row]!),
        n,
      );
      return {
        value: byLoss.area,
        interval: byLoss.interval,
        parts: { found: byLoss.found, calibrated: calibrated.area, "calibrated-found": calibrated.found },
        detail: { members: n, others: others.model.nats.length, byLoss, calibrated },
        notes: notesOnFew(fewest),
      };
    },
  };
}
