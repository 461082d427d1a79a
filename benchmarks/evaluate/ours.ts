import { evaluate } from "../../src/evaluate/evaluate";
import { readTables } from "../../src/evaluate/read-tables";
import { report, trialArguments } from "../harness/child";
import type { TablePaths } from "./tables";

export interface EvaluateTrial {
  paths: TablePaths;
  threads: number;
  /** names of the metrics; absent: all */
  metrics?: string[];
}

/** Scores the tables once; the time is that of the scores, without reading the files. */
async function main(): Promise<void> {
  const { paths, threads, metrics } = trialArguments<EvaluateTrial>();
  const { train, holdout, synthetic } = paths;
  const tables = await readTables(
    { train, test: holdout, synthetic: [{ name: "synthetic", path: synthetic }] },
    { target: "label" },
  );
  const begin = performance.now();
  await evaluate({ ...tables, threads, metrics, seed: 1 });
  report({ seconds: [(performance.now() - begin) / 1000] });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
