import { join } from "node:path";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import { pythonWith } from "../harness/python";
import type { Benchmark, Measurement, Trial } from "../harness/trial";
import { evaluationTables } from "./tables";

const PEERS = ["numpy==1.26.4", "pandas==2.3.3", "sdmetrics==0.32.0", "anonymeter==1.1.0"];
/** HARMONIC_BENCH_ROWS takes fewer, to try it. */
const ROWS = Number(process.env["HARMONIC_BENCH_ROWS"] ?? 30_000);
const LARGE = [100_000, 1_000_000].filter((rows) => ROWS === 30_000 || rows <= ROWS);
const THREADS = 2;
/** Rows that SDMetrics' NewRowSynthesis looks at, for it takes milliseconds a row; ours looks at all. */
const NEW_ROWS = 2_000;
const ATTACKS = 500;

/** What each peer scores, by our metrics of the same. */
const METRICS = {
  sdmetrics: ["column-shapes", "pair-trends", "coverage", "missing-patterns", "new-rows"],
  anonymeter: ["attribute-inference", "singling-out", "linkability"],
};

/** Seconds of the scores that SDMetrics and Anonymeter give too, and of all of ours for large tables. */
export async function evaluateBenchmark(): Promise<Benchmark> {
  const python = await pythonWith(PEERS);
  const paths = evaluationTables(ROWS, ROWS);
  const trials = (["sdmetrics", "anonymeter"] as const).flatMap((peer): Trial[] => {
    const settings = { scores: peer, rows: ROWS, threads: THREADS };
    const task = `scores of ${peer}`;
    const ours = nodeTrial(join(__dirname, "ours.ts"), { paths, threads: THREADS, metrics: METRICS[peer] });
    const trial = { paths, peer, threads: THREADS, newRows: NEW_ROWS, attacks: ATTACKS };
    const theirs = [python, join(__dirname, "peer-trial.py"), JSON.stringify(trial)];
    const threads = String(THREADS);
    const env = { OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads, NUMBA_NUM_THREADS: threads };
    return [
      { subject: "harmonic", task, settings, command: ours },
      { subject: peer, task, settings, command: theirs, env },
    ];
  });
  const large = LARGE.map((rows): Trial => {
    const settings = { scores: "all", rows, threads: THREADS };
    const tables = evaluationTables(rows / 10, rows);
    const command = nodeTrial(join(__dirname, "ours.ts"), { paths: tables, threads: THREADS });
    return { subject: "harmonic", task: "all scores against a tenth as many real rows", settings, command };
  });
  return {
    name: "evaluate",
    metrics: [
      { name: "seconds", unit: "s" },
      { name: "peak_memory", unit: "MB" },
    ],
    trials: [...trials, ...large],
    rounds: 1,
    ratios,
  };
}

/** The peer's seconds over ours: how many times faster ours is. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const speed = (peer: string): [number | undefined, number | undefined] => {
    const settings = { scores: peer, rows: ROWS };
    const of = (subject: string): number | undefined =>
      medianOf(measurements, { subject, metric: "seconds", settings });
    return [of(peer), of("harmonic")];
  };
  return ratiosOf({ speed_vs_sdmetrics: speed("sdmetrics"), speed_vs_anonymeter: speed("anonymeter") });
}
