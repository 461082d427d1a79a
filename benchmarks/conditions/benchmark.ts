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
/** Passes that the natural order makes of itself, and any order, where nothing is said, makes more of. */
const EPOCHS = 4.5;
const SUBJECTS = {
  "any order": { permute: true },
  "any order, as many passes": { permute: true, epochs: EPOCHS },
  "natural order": { permute: false, epochs: EPOCHS },
};

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
    trials: Object.entries(SUBJECTS).map(([subject, order]) => ({
      subject,
      task: `rows of adult whose ${CONDITION.column} is ${CONDITION.value}`,
      settings: { ...order, rows: ROWS, threads: THREADS },
      command: nodeTrial(join(__dirname, "ours.ts"), { ...common, ...order }),
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
  const cost = (subject: string): number => Math.round((nats(subject) - nats("natural order")) * 1000) / 1000;
  const costs = {
    nats_of_any_order: cost("any order"),
    nats_of_any_order_as_many_passes: cost("any order, as many passes"),
  };
  return Object.fromEntries(Object.entries(costs).filter(([, nats]) => !Number.isNaN(nats)));
}
