import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { type Values, measurementsOf, runTrial } from "./measure";
import { runProcess } from "./process";
import { formatTable } from "./table";
import type { Benchmark, Trial } from "./trial";

const RESULTS = join(__dirname, "..", "results");

/**
 * Runs every trial of a benchmark in turn, as many rounds as it asks for, prints a table and writes results/NAME.json.
 * Resolves to whether a trial failed.
 */
export async function runBenchmark(benchmark: Benchmark): Promise<boolean> {
  const { name, metrics, trials } = benchmark;
  const measured = await commit(); // the tree may change while trials run
  const rounds: (Values | Error)[][] = trials.map(() => []);
  for (let round = 0; round < benchmark.rounds; round++) {
    for (const [t, trial] of trials.entries()) {
      const place = `${round * trials.length + t + 1}/${benchmark.rounds * trials.length}`;
      console.error(`-- ${place} ${describe(trial)} (load ${loadavg()[0]!.toFixed(1)})`);
      const values = await runTrial(trial).catch((error: unknown) => error as Error);
      if (values instanceof Error) console.error(`   failed: ${values.message}`);
      rounds[t]!.push(values);
    }
  }
  const measurements = trials.flatMap((trial, t) => measurementsOf(trial, metrics, rounds[t]!));
  const ratios = benchmark.ratios(measurements);
  const result = { name, commit: measured, machine: machine(), trials: measurements, ratios };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  console.log(formatTable(measurements, metrics));
  for (const [key, value] of Object.entries(ratios)) console.log(`${key} ${value}`);
  return measurements.some(({ error }) => error !== undefined);
}

const describe = ({ subject, settings }: Trial): string =>
  [subject, ...Object.entries(settings).map(([key, value]) => `${key} ${value}`)].join(", ");

/** The commit measured; "-dirty" behind it where the sources were changed since. */
async function commit(): Promise<string> {
  const head = (await runProcess(["git", "rev-parse", "HEAD"])).trim();
  const changed = await runProcess([
    "git",
    "status",
    "--porcelain",
    "--",
    "src",
    "native",
    "cmake",
    "benchmarks/*.ts",
  ]);
  return changed.trim() === "" ? head : `${head}-dirty`;
}

function machine(): { cpu: string; cores: number; memoryGb: number } {
  const [first] = cpus();
  return { cpu: first?.model ?? "unknown", cores: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30) };
}
