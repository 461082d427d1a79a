import { join } from "node:path";
import { nodeTrial } from "../harness/child";
import { medianOf } from "../harness/measure";
import type { Benchmark, Measurement } from "../harness/trial";
import { splitsOf } from "../tasks/splits";

const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 2000);
const THREADS = 2;
const TIMEOUT_MS = 60 * 60_000;
/** On the column that the natural order writes last. */
const CONDITION = { column: "native-country", value: "Mexico" };
const SUBJECTS = { "any order": true, "natural order": false };

/** What a table model of any order of the columns costs in likelihood, and gains under a condition on the last column. */
export async function conditionsBenchmark(): Promise<Benchmark> {
  const common = { splits: await splitsOf("adult"), rows: ROWS, threads: THREADS, condition: CONDITION };
  return {
    name: "conditions",
    metrics: [
      { name: "train_s", unit: "s" },
      { name: "nats_per_row", unit: "nats" },
      { name: "column_shapes", unit: "" },
      { name: "column_shapes_real", unit: "" },
    ],
    trials: Object.entries(SUBJECTS).map(([subject, permute]) => ({
      subject,
      task: `rows of adult whose ${CONDITION.column} is ${CONDITION.value}`,
      settings: { permute, rows: ROWS, threads: THREADS },
      command: nodeTrial(join(__dirname, "ours.ts"), { ...common, permute }),
      timeoutMs: TIMEOUT_MS,
    })),
    rounds: 1,
    ratios,
  };
}

/** What any order costs, in nats a row. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const nats = (subject: string): number =>
    medianOf(measurements, { subject, metric: "nats_per_row", settings: {} }) ?? NaN;
  const cost = nats("any order") - nats("natural order");
  return Number.isNaN(cost) ? {} : { nats_of_any_order: Math.round(cost * 1000) / 1000 };
}
