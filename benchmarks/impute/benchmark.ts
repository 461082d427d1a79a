import { join } from "node:path";
import { benchmarkCache } from "../harness/cache";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import { pythonWith } from "../harness/python";
import type { Benchmark, Measurement, Trial } from "../harness/trial";
import { splitsOf } from "../tasks/splits";
import { writeHoles } from "./holes";
import { forgetTrained } from "./trained";

const SEEDS = Array.from({ length: Number(process.env["HARMONIC_BENCH_SEEDS"] ?? 1) }, (_, i) => i + 1);
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 2000);
const SHARE = 0.2;
const THREADS = 2;
const TIMEOUT_MS = 4 * 60 * 60_000;
const OURS = "harmonic";
/** Without the gigabytes of PyTorch, which other peers need. */
const REQUIREMENTS = ["scikit-learn==1.9.1", "pandas==3.1.1", "numpy==2.4.6"];

interface Subject {
  name: string;
  settings: Record<string, string | number>;
  /** function in peer.py; absent: ours */
  peer?: string;
}

/** Ours makes a guess of draws; the peers of scikit-learn, with their own defaults but for what is said here. */
const SUBJECTS: readonly Subject[] = [
  { name: OURS, settings: { impute: "mean" } },
  { name: OURS, settings: { impute: "median" } },
  { name: OURS, settings: { impute: "draw" } },
  { name: "knn", peer: "knn", settings: { k: 5 } },
  { name: "knn", peer: "knn", settings: { k: 15 } },
  // Of all rows and as many rounds, MICE would take hours by trees, and ten minutes by lines, which 5,000 tell as well.
  { name: "mice", peer: "mice", settings: { learnt: 5000, rounds: 10, trees: 0 } },
  { name: "mice", peer: "mice", settings: { learnt: 5000, rounds: 2, trees: 50 } },
  { name: "floor", peer: "floor", settings: { median: 0 } },
  { name: "floor", peer: "floor", settings: { median: 1 } },
];

/** Held-out cells of the census table, completed by a table model of any order of the columns and by scikit-learn. */
export async function imputeBenchmark(): Promise<Benchmark> {
  forgetTrained();
  const splits = await splitsOf("adult");
  const holes = [];
  for (const seed of SEEDS) {
    const folder = benchmarkCache("impute-holes", String(seed));
    holes.push(await writeHoles(splits, folder, { rows: ROWS, share: SHARE, seed }));
  }
  const common = { splits, holes, threads: THREADS };
  const python = await pythonWith(REQUIREMENTS);
  const trials = SUBJECTS.map(({ name, settings, peer }): Trial => {
    const command =
      peer === undefined
        ? nodeTrial(join(__dirname, "ours.ts"), { ...common, ...settings })
        : nodeTrial(join(__dirname, "peer.ts"), { ...common, python, peer, settings });
    const task = `${100 * SHARE} % of the cells of ${ROWS} rows of adult`;
    return {
      subject: name,
      task,
      settings: { ...settings, threads: THREADS },
      command,
      timeoutMs: TIMEOUT_MS,
    };
  });
  return {
    name: "impute",
    metrics: [
      { name: "accuracy", unit: "" },
      { name: "rmse", unit: "deviations" },
      { name: "mae", unit: "deviations" },
      { name: "train_s", unit: "s" },
      { name: "impute_s", unit: "s" },
      { name: "peak_memory", unit: "MB" },
    ],
    trials,
    rounds: 1,
    ratios,
  };
}

/** Ours over the best setting of each peer: accuracy, above 1 is better; errors of numbers, below 1 is. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const ours = (metric: string, impute: string): number | undefined =>
    medianOf(measurements, { subject: OURS, metric, settings: { impute } });
  const best = (subject: string, metric: string, of: (...values: number[]) => number): number | undefined => {
    const found = measurements.filter((one) => one.subject === subject && one.metric === metric);
    const medians = found.flatMap(({ median }) => median ?? []);
    return medians.length < found.length ? undefined : of(...medians);
  };
  const pairs = ["knn", "mice", "floor"].flatMap(
    (peer) =>
      [
        [`accuracy_vs_${peer}`, [ours("accuracy", "mean"), best(peer, "accuracy", Math.max)]],
        [`rmse_vs_${peer}`, [ours("rmse", "mean"), best(peer, "rmse", Math.min)]],
        [`mae_vs_${peer}`, [ours("mae", "median"), best(peer, "mae", Math.min)]],
      ] as const,
  );
  return ratiosOf(Object.fromEntries(pairs));
}
