import { rowCount } from "../../table/columns";
import { attack, notesOnFew } from "../attack";
import { pickRows, type Cells } from "../cells";
import type { EvaluationContext, Metric } from "../metric";
import { sampleIds, sampleRows } from "../rows";

/** Most rows of each kind that are attacked. */
const MAX_TARGETS = 2_000;

/**
 * Membership inference: an attacker who has the synthetic rows guesses of real rows which were trained on. Targets are
 * training rows and as many holdout rows. The first attack takes rows near to a synthetic row for members; the second
 * (DOMIAS, van Breugel et al. 2023) those that are nearer to a synthetic row than to a real row never seen, the
 * logarithm of the ratio of distances standing for that of the densities. The reference of the second is the test
 * table, or half of the holdout where that is the same.
 */
export const membership: Metric = {
  name: "membership",
  title: "Membership inference",
  area: "privacy",
  direction: "half",
  description:
    "How well an attacker tells training rows from rows never seen by their distance to the synthetic rows (AUC): 0.5 " +
    "is by chance, 1 always.",
  parts: [
    { key: "found", title: "members found at 1 % false alarms", direction: "lower" },
    { key: "density", title: "AUC by the ratio of densities", direction: "half" },
    { key: "density-found", title: "members found by it at 1 % false alarms", direction: "lower" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    const { train, random } = context;
    const { holdout, reference } = context.once("membership rows", () => splitHoldout(context));
    const n = Math.min(rowCount(train), rowCount(holdout), MAX_TARGETS);
    if (n < 10 || rowCount(reference) === 0) return { value: NaN, notes: ["too few rows to attack"] };
    const targets = [sampleRows(train, n, random("members")), sampleRows(holdout, n, random("others"))];
    const near = await distancesTo(table, targets, context);
    const usual = await distancesTo(reference, targets, context);
    const byDistance = attack(
      near.map((distance) => -distance),
      n,
    );
    const ratios = near.map((distance, i) => Math.log((usual[i]! + 1e-9) / (distance + 1e-9)));
    const byDensity = attack(ratios, n);
    return {
      value: byDistance.area,
      interval: byDistance.interval,
      parts: { found: byDistance.found, density: byDensity.area, "density-found": byDensity.found },
      detail: { targets: n, referenceRows: rowCount(reference), byDistance, byDensity },
      notes: notesOnFew(n),
    };
  },
};

/** Rows that are no members, and others that stand for the population. */
function splitHoldout({ holdout, test, random }: EvaluationContext): {
  holdout: Cells[];
  reference: Cells[];
} {
  if (holdout !== test) return { holdout, reference: test };
  const ids = sampleIds(rowCount(holdout), rowCount(holdout), random("membership halves"));
  const half = ids.length >> 1;
  return {
    holdout: pickRows(holdout, ids.subarray(0, half)),
    reference: pickRows(holdout, ids.subarray(half)),
  };
}

/** Distance of each target to the closest of the rows; members first. */
async function distancesTo(
  rows: Cells[],
  targets: Cells[][],
  { distances, neighbors }: EvaluationContext,
): Promise<Float64Array> {
  const { data, d } = distances.encode(rows);
  const found: number[] = [];
  for (const target of targets) {
    const near = await neighbors({ points: data, queries: distances.encode(target).data, d, k: 1 });
    for (const distance of near.distances) found.push(distance);
  }
  return Float64Array.from(found);
}
