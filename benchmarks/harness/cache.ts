import { dirname, join } from "node:path";
import { modelCache } from "../../src/model/cache";

/** Folder outside the tree for what a benchmark needs and makes: environments of peers, converted models, tasks. */
export function benchmarkCache(...names: string[]): string {
  return join(dirname(modelCache()), "benchmarks", ...names);
}
