import { conditionsBenchmark } from "./conditions/benchmark";
import { curveBenchmark } from "./curve/benchmark";
import { evaluateBenchmark } from "./evaluate/benchmark";
import { groupsBenchmark } from "./groups/benchmark";
import { imputeBenchmark } from "./impute/benchmark";
import { runBenchmark } from "./harness/run";
import type { Benchmark } from "./harness/trial";
import { millionBenchmark } from "./million/benchmark";
import { sampleBenchmark } from "./sample/benchmark";
import { smallTablesBenchmark } from "./small-tables/benchmark";
import { tableBenchmark } from "./table/benchmark";
import { trainBenchmark } from "./train/benchmark";

/** A benchmark by its name; made when it is run, since making one installs its peers. */
const BENCHMARKS: Record<string, () => Promise<Benchmark>> = {
  train: trainBenchmark,
  table: tableBenchmark,
  "small-tables": smallTablesBenchmark,
  curve: curveBenchmark,
  sample: sampleBenchmark,
  million: millionBenchmark,
  groups: groupsBenchmark,
  impute: imputeBenchmark,
  conditions: conditionsBenchmark,
  evaluate: evaluateBenchmark,
};

async function main(): Promise<void> {
  const name = process.argv[2] ?? "";
  const make = BENCHMARKS[name];
  if (!make) throw new Error(`expected one of ${Object.keys(BENCHMARKS).join(", ")} but received "${name}"`);
  const failed = await runBenchmark(await make());
  process.exitCode = failed ? 1 : 0;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
