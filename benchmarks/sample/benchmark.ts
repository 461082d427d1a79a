import { cpus } from "node:os";
import { DEFAULT_BASE } from "../../src/model/registry";
import { type ResolvedBase, resolveBase } from "../../src/model/resolve";
import { interleave } from "../harness/interleave";
import { llamaServer } from "../harness/llama-server";
import { PYTHON_PEERS, pythonWith } from "../harness/python";
import type { Benchmark } from "../harness/trial";
import type { TableName } from "../tasks/tables";
import { beGreatModel, tunedModel } from "./models";
import { sampleRatios } from "./ratios";
import { writeRequests } from "./requests";
import {
  beGreatTrials,
  nodeLlamaTrials,
  ourTrials,
  type Prepared,
  serverTrials,
  switchTrials,
} from "./trials";

/** HARMONIC_BENCH_TABLES names others, by commas; the speed-ups are switched on the first alone. */
const TABLES = (process.env["HARMONIC_BENCH_TABLES"] ?? "adult,diabetes").split(",") as TableName[];

/** Drawing rows from models tuned on the tables: ours, llama.cpp's server, node-llama-cpp and be_great. */
export async function sampleBenchmark(): Promise<Benchmark> {
  const base = await resolveBase(DEFAULT_BASE);
  const python = await pythonWith(PYTHON_PEERS);
  const server = await llamaServer();
  const prepared: Prepared[] = [];
  for (const table of TABLES) prepared.push(await prepare(base, python, server, table));
  return {
    name: "sample",
    metrics: [
      { name: "rows_per_second", unit: "valid rows/s" },
      { name: "written_per_second", unit: "rows/s of any kind" },
      { name: "valid_share", unit: "of the rows" },
      { name: "tokens_per_second", unit: "tokens/s" },
      { name: "peak_memory", unit: "MB" },
    ],
    trials: prepared.flatMap((one, t) => {
      const peers = [...serverTrials(one), ...nodeLlamaTrials(one), ...beGreatTrials(one)];
      return interleave([...ourTrials(one), ...(t === 0 ? switchTrials(one) : [])], peers);
    }),
    rounds: 1,
    ratios: sampleRatios,
  };
}

async function prepare(
  base: ResolvedBase,
  python: string,
  server: string,
  table: TableName,
): Promise<Prepared> {
  const models = {
    compact: await tunedModel(base, table, "compact"),
    dict: await tunedModel(base, table, "dict"),
  };
  const requests = {
    compact: await writeRequests(models.compact, table, "compact"),
    dict: await writeRequests(models.dict, table, "dict"),
  };
  // What cannot be made is told by its trials.
  const beGreat = await beGreatModel(python, base, table).catch((error: unknown) => error as Error);
  return { table, threads: cpus().length, server, models, requests, python, beGreat };
}
