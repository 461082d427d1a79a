// A process that samples, and kills itself as kill -9 does before or after one of its renames: the moment is one of its
// progress and not of the clock. node -r benchmarks/register.js sample-killed.ts '{"base":...,"out":...,"killAt":3}'
import promises from "node:fs/promises";
import { findNeighbors } from "../../src/neighbors/find";
import { sampleToFile } from "../../src/sample/sample";
import { allSmallRows, smallSchema } from "./small-table";

export interface KilledSampling {
  base: string;
  out: string;
  parts: string;
  rows: number;
  /** the moment, counted in begun and ended renames; "out": all is drawn, the file not yet named; absent: never */
  killAt?: number | "out";
}

async function main(): Promise<void> {
  const { base, out, parts, rows, killAt } = JSON.parse(process.argv[2]!) as KilledSampling;
  const { rename } = promises;
  let moments = 0;
  const moment = (to: unknown): void => {
    moments++;
    if (moments === killAt || (killAt === "out" && to === out)) process.kill(process.pid, "SIGKILL");
  };
  promises.rename = async (from, to) => {
    moment(to);
    await rename(from, to);
    moment(to);
  };
  const columns = allSmallRows();
  const neighbors = await findNeighbors(columns, smallSchema, { k: 2, threads: 1 });
  const result = await sampleToFile({
    ...{ schema: smallSchema, columns, format: "compact", description: "people", k: 2, neighbors, base },
    settings: { rows, nSequences: 8, groupRows: 8, seed: 1, threads: 1, allowCopies: true },
    ...{ parts, identity: "one", out },
  });
  console.log(JSON.stringify(result));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
