import { attack, notesOnFew } from "../attack";
import type { Metric, MetricResult } from "../metric";
import {
  fewestRows,
  scoreByLosses,
  type Compared,
  type ModelLosses,
  type PairedLosses,
} from "../model-losses";

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
    compute: (_table, _context, _whole, name) => scoreByLosses(losses, name, membershipOf),
  };
}

function membershipOf(compared: Compared): MetricResult {
  const { members, others } = compared;
  const n = members.model.nats.length;
  const attackBy = (score: (rows: PairedLosses, row: number) => number) =>
    attack(
      Float64Array.of(
        ...members.model.nats.map((_, row) => score(members, row)),
        ...others.model.nats.map((_, row) => score(others, row)),
      ),
      n,
    );
  const byLoss = attackBy(({ model }, row) => -model.nats[row]!);
  const calibrated = attackBy(({ model, base }, row) => base.nats[row]! - model.nats[row]!);
  return {
    value: byLoss.area,
    interval: byLoss.interval,
    parts: { found: byLoss.found, calibrated: calibrated.area, "calibrated-found": calibrated.found },
    detail: { members: n, others: others.model.nats.length, byLoss, calibrated },
    notes: notesOnFew(fewestRows(compared)),
  };
}
