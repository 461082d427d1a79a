import { join } from "node:path";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import type { Benchmark, Measurement, Trial } from "../harness/trial";
import { K } from "../tasks/diabetes";

export type GroupsTrial = { groups: "knn" | "partition"; maxUses: number };

const TASK = `diabetes, groups of ${K + 1} rows`;
/** 0: no cap */
const CAPS = [0, 1, 2, 3, K];

/** How like the table the rows are that a model is shown as examples, by how groups are made. Data alone, no training. */
export function groupsBenchmark(): Promise<Benchmark> {
  const trial = (settings: GroupsTrial): Trial => ({
    subject: "harmonic",
    task: TASK,
    settings,
    command: nodeTrial(join(__dirname, "ours.ts"), settings),
  });
  return Promise.resolve({
    name: "groups",
    metrics: [
      { name: "spread", unit: "of the column's standard deviation" },
      { name: "most_uses", unit: "times a row is an example" },
      { name: "never_used", unit: "share of rows that are no example" },
      { name: "examples", unit: "examples a group" },
    ],
    trials: [
      ...CAPS.map((maxUses) => trial({ groups: "knn", maxUses })),
      trial({ groups: "partition", maxUses: 0 }),
    ],
    rounds: 1,
    ratios,
  });
}

/** Spread of knn groups' examples, uncapped and at its best, over that of a partition's. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const spread = (groups: string, maxUses: number): number | undefined =>
    medianOf(measurements, { subject: "harmonic", metric: "spread", settings: { groups, maxUses } });
  const partition = spread("partition", 0);
  return ratiosOf({
    spread_knn_vs_partition: [spread("knn", 0), partition],
    spread_knn_max_uses_1_vs_partition: [spread("knn", 1), partition],
  });
}
