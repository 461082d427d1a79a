import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { evaluate } from "../evaluate/evaluate";
import { REAL, valueOf } from "../evaluate/evaluation";
import { readTables } from "../evaluate/read-tables";
import { fileError } from "../file-error";
import { throwIfAborted, type StageControl } from "../progress";
import { writeText } from "../run/atomic";
import { run } from "../run/run";
import { loadSchema } from "../table/schema-json";
import { packageVersion } from "../version";
import type { BenchFile, BenchMethod, BenchTable } from "./bench-file";
import { summarise, type BenchResult } from "./summary";

export interface BenchOptions extends StageControl {
  bench: BenchFile;
  threads?: number | undefined;
}

/** Figures of one method on one table with one seed. */
export interface Cell {
  table: string;
  method: string;
  seed: number;
  /** by measure; null where it is not defined */
  figures: Record<string, number | null>;
}

/** Name of the real training rows among the methods. */
export const ORIGINAL = "original";

/** Our measures, and the metric that gives each. */
const METRICS: Readonly<Record<string, string>> = {
  MLE: "compat-learning",
  "MLE, shared encoding": "learning-efficiency",
  DCR: "compat-distance",
  NRS: "new-rows",
  "closer to train": "closest-record",
};

/**
 * Scores every method on every table with every seed, next to what the paper publishes. Each finished cell is a file in
 * `out`, which is taken as it is while its tables have the same bytes, so an interrupted comparison goes on.
 */
export async function runBench({ bench, threads, signal, onProgress }: BenchOptions): Promise<BenchResult> {
  const { tables, methods, seeds, out } = bench;
  await mkdir(out, { recursive: true }).catch((cause: unknown) => {
    throw fileError(cause, out);
  });
  const work = Object.entries(tables).flatMap(([table, paths]) =>
    seeds.flatMap((seed) =>
      Object.entries(methods).map(([method, how]) => ({ table, paths, seed, method, how })),
    ),
  );
  const cells: Cell[] = [];
  for (const [done, { table, paths, seed, method, how }] of work.entries()) {
    throwIfAborted(signal, "the comparison");
    const note = `${method}, ${table}, seed ${seed}`;
    onProgress?.({ stage: "bench", done, total: work.length, unit: "tables", note });
    const place = join(out, `${table}-${method}-${seed}`);
    const synthetic = await tableOf(how, { table, paths, seed, place, signal, threads });
    cells.push(...(await cellOf({ table, method, seed, paths, synthetic, place, signal, threads })));
  }
  onProgress?.({ stage: "bench", done: work.length, total: work.length, unit: "tables" });
  const result = summarise(cells, bench);
  await writeText(join(out, "bench.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

interface Work extends Pick<StageControl, "signal"> {
  table: string;
  paths: BenchTable;
  seed: number;
  /** path of what is kept, without an extension */
  place: string;
  threads?: number | undefined;
}

/** Path of a method's synthetic table; a run is begun, gone on with, or finished already. */
async function tableOf(method: BenchMethod, work: Work): Promise<string> {
  const { table, paths, seed, place, signal, threads } = work;
  if ("files" in method) {
    return method.files.replaceAll("{table}", table).replaceAll("{seed}", String(seed));
  }
  const { base, preset, rows, epochs, k, format } = method.run;
  const { train, test, holdout, target, schema } = paths;
  const result = await run({
    ...{ table: train, test, holdout, target, schema, out: place, base, preset, seed, threads, signal },
    preprocess: { ...(k !== undefined && { k }), ...(format !== undefined && { format }) },
    train: epochs === undefined ? {} : { epochs },
    sample: rows === undefined ? {} : { rows },
  });
  return result.files.synthetic;
}

/** The figures of a synthetic table and, with the first method, of the real rows. */
async function cellOf(work: Work & { method: string; synthetic: string }): Promise<Cell[]> {
  const { table, method, seed, paths, synthetic, place, signal, threads } = work;
  const files = [paths.train, paths.test, paths.holdout, paths.schema, synthetic].filter(
    (path) => path !== undefined,
  );
  const identity = [packageVersion(), paths.target, seed, ...(await Promise.all(files.map(digest)))].join(
    " ",
  );
  const path = `${place}.json`;
  const known = await readFile(path, "utf8").catch(() => undefined);
  if (known !== undefined) {
    const kept = JSON.parse(known) as { identity: string; cells: Cell[] };
    if (kept.identity === identity) return kept.cells;
  }
  const read = await readTables(
    {
      train: paths.train,
      test: paths.test,
      holdout: paths.holdout,
      synthetic: [{ name: method, path: synthetic }],
    },
    paths.schema ? { schema: await loadSchema(paths.schema) } : { target: paths.target },
  );
  const keep = `${path}.partial`;
  const metrics = Object.values(METRICS);
  const evaluation = await evaluate({ ...read, seed, threads, signal, keep, compat: true, metrics });
  const cell = (of: string, method: string): Cell => {
    const figures = Object.entries(METRICS).map(([measure, metric]) => [
      measure,
      valueOf(evaluation, metric, of) ?? null,
    ]);
    return { table, method, seed, figures: Object.fromEntries(figures) as Cell["figures"] };
  };
  const cells = [cell(REAL, ORIGINAL), cell(method, method)];
  await writeText(path, `${JSON.stringify({ identity, cells }, null, 2)}\n`);
  await rm(keep, { force: true });
  return cells;
}

/** @throws E_IO naming the file that cannot be read */
async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (cause) {
    throw fileError(cause, path);
  }
  return hash.digest("hex");
}
