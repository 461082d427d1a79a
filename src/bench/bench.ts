import { mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { DeviceName } from "../devices/kinds";
import { evaluate } from "../evaluate/evaluate";
import { REAL, evaluationSchema, scoreOf, valueOf, type Evaluation } from "../evaluate/evaluation";
import type { Metric } from "../evaluate/metric";
import { llmEfficiency } from "../evaluate/metrics/llm-efficiency";
import { readTables } from "../evaluate/read-tables";
import { orFileError } from "../file-error";
import { resolveBase } from "../model/resolve";
import { throwIfAborted, type StageControl } from "../progress";
import { writeText } from "../run/atomic";
import { FILES } from "../run/folder";
import { run } from "../run/run";
import { OWN_ROWS } from "../run/stages/evaluate";
import { loadSchema } from "../table/schema-json";
import type { BenchFile, BenchMethod, BenchTable } from "./bench-file";
import { summarise, type BenchResult } from "./summary";

export interface BenchOptions extends StageControl {
  bench: BenchFile;
  threads?: number | undefined;
  /** what language models are computed on [auto] */
  device?: DeviceName | undefined;
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

/** Our measures of any rows, and the metric that gives each. */
const METRICS: Readonly<Record<string, string>> = {
  MLE: "compat-learning",
  "MLE, shared encoding": "learning-efficiency",
  LLE: "llm-efficiency",
  DCR: "compat-distance",
  NRS: "new-rows",
  "closer to train": "closest-record",
};

/** A method with the table that it has made. */
interface Made {
  method: string;
  synthetic: string;
  /** what a run folder says of its model */
  leakage: Cell["figures"];
}

/** All methods' tables of one real table and one seed. */
interface Work extends Pick<StageControl, "signal" | "onProgress"> {
  table: string;
  paths: BenchTable;
  seed: number;
  out: string;
  threads?: number | undefined;
  device?: DeviceName | undefined;
  /** base of LLE */
  lle?: string | undefined;
}

/**
 * Scores every method on every table with every seed, next to what the paper publishes. Runs are folders in `out`, and
 * each finished score is a line of a file there, taken as it is while its tables are the same, so an interrupted comparison
 * goes on, and one with a further method computes only that.
 */
export async function runBench({
  bench,
  threads,
  device,
  signal,
  onProgress,
}: BenchOptions): Promise<BenchResult> {
  const { tables, methods, seeds, out, lle } = bench;
  await orFileError(mkdir(out, { recursive: true }), out);
  const work = Object.entries(tables).flatMap(([table, paths]) =>
    seeds.map((seed): Work => ({ table, paths, seed, out, threads, device, lle, signal })),
  );
  const total = work.length * Object.keys(methods).length;
  const cells: Cell[] = [];
  let done = 0;
  for (const each of work) {
    const tell = (what: string): void => {
      const note = `${what}, ${each.table}, seed ${each.seed}`;
      onProgress?.({ stage: "bench", done, total, unit: "tables", note });
    };
    const made: Made[] = [];
    for (const [method, how] of Object.entries(methods)) {
      throwIfAborted(signal, "the comparison");
      tell(method);
      made.push(await makeTable(method, how, each));
    }
    cells.push(...(await cellsOf(made, { ...each, onProgress: ({ note = "" }) => tell(note) })));
    done += made.length;
  }
  onProgress?.({ stage: "bench", done, total, unit: "tables" });
  const result = summarise(cells, bench);
  await writeText(join(out, "bench.json"), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** A method's synthetic table; a run is begun, gone on with, or finished already. */
async function makeTable(method: string, how: BenchMethod, work: Work): Promise<Made> {
  const { table, paths, seed, out, signal, threads, device } = work;
  if ("files" in how) {
    const synthetic = how.files.replaceAll("{table}", table).replaceAll("{seed}", String(seed));
    return { method, synthetic, leakage: {} };
  }
  const { base, preset, rows, epochs, k, format, dlt } = how.run;
  const { train, test, holdout, target, schema } = paths;
  const directory = join(out, `${table}-${method}-${seed}`);
  const result = await run({
    ...{ table: train, test, holdout, target, schema, out: directory, base, preset, seed, threads, signal },
    preprocess: { ...(k !== undefined && { k }), ...(format !== undefined && { format }) },
    train: { ...(epochs !== undefined && { epochs }), ...(device && { device }) },
    sample: { ...(rows !== undefined && { rows }), ...(device && { device }) },
    evaluate: dlt === undefined ? {} : { dlt },
  });
  const scores = await readFile(join(directory, FILES.metrics), "utf8");
  const leakage = leakageOf(evaluationSchema.parse(JSON.parse(scores)));
  return { method, synthetic: result.files.synthetic, leakage };
}

/** PPL-diff by the original's formula, as the paper has it, and by ours. */
function leakageOf(evaluation: Evaluation): Cell["figures"] {
  const score = scoreOf(evaluation, "data-leakage", OWN_ROWS);
  return { "PPL-diff": score?.parts.original ?? null, "PPL-diff, base e": score?.value ?? null };
}

/** The figures of the real rows and of each method's. */
async function cellsOf(made: Made[], work: Work): Promise<Cell[]> {
  const { table, paths, seed, out, device, signal, onProgress, lle } = work;
  const threads = work.threads ?? availableParallelism();
  const read = await readTables(
    {
      ...{ train: paths.train, test: paths.test, holdout: paths.holdout },
      synthetic: made.map(({ method, synthetic }) => ({ name: method, path: synthetic })),
    },
    paths.schema ? { schema: await loadSchema(paths.schema) } : { target: paths.target },
  );
  const extra: Metric[] = [];
  if (lle !== undefined) {
    const { path: base, sha256: identity } = await resolveBase(lle, work);
    const control = { threads, device, signal, onProgress };
    extra.push({ ...llmEfficiency({ tables: read, base, seed, ...control }), identity });
  }
  const evaluation = await evaluate({
    ...{ ...read, seed, threads, device, signal, onProgress, extra, compat: true },
    metrics: Object.values(METRICS),
    keep: join(out, `${table}-${seed}.scores`),
  });
  const figuresOf = (name: string): Cell["figures"] =>
    Object.fromEntries(
      Object.entries(METRICS).map(([measure, metric]) => [
        measure,
        valueOf(evaluation, metric, name) ?? null,
      ]),
    );
  return [
    { table, method: ORIGINAL, seed, figures: figuresOf(REAL) },
    ...made.map(({ method, leakage }) => ({
      ...{ table, method, seed },
      figures: { ...figuresOf(method), ...leakage },
    })),
  ];
}
