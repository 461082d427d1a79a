import { availableParallelism } from "node:os";
import type { DeviceName } from "../devices/kinds";
import { HarmonicError } from "../errors";
import { throwIfAborted, type StageControl } from "../progress";
import { rowCount, type Column } from "../table/columns";
import type { TableSchema } from "../table/schema";
import { cellsOf } from "./cells";
import { createContext } from "./context";
import { figureOf, REAL, type Evaluation, type MetricScores, type Score } from "./evaluation";
import { KeptScores } from "./kept-scores";
import { APPROXIMATE, type EvaluationContext, type Metric, type MetricResult } from "./metric";
import { metricsFor } from "./metrics";
import { inTurns } from "./in-turns";
import { scored } from "./scored";
import { findWarnings } from "./warnings";
import { Yardsticks, type Scorable } from "./yardsticks";

/** Scores computed at once: while one waits for the engine, another has work for this thread. */
const MOST_AT_ONCE = 2;

/** A synthetic table under the name that reports give it. */
export interface NamedTable {
  name: string;
  columns: Column[];
}

export interface EvaluateOptions extends StageControl {
  /** schema of all the tables; where it has no target, machine learning efficiency is left out */
  schema: TableSchema;
  /** the real rows that the generator learned from */
  train: Column[];
  /** real rows to test learners on, and the yardstick of fidelity and privacy */
  test: Column[];
  /** real rows to compare distances with; default: the test rows */
  holdout?: Column[] | undefined;
  synthetic: readonly NamedTable[];
  /** default 0 */
  seed?: number | undefined;
  /** default: all cores */
  threads?: number | undefined;
  /** cpu: no GPU searches neighbours [auto] */
  device?: DeviceName | undefined;
  /** search for the learners' settings on train, by the paper's grid, rather than take fixed ones */
  tune?: boolean | undefined;
  /** also the figures of the original method, by its own formulas */
  compat?: boolean | undefined;
  /** file that keeps each score when it is there, so that an interrupted evaluation goes on; the caller removes it */
  keep?: string | undefined;
  /** names of the metrics to compute; default: all */
  metrics?: readonly string[] | undefined;
  /** further metrics, for instance those that need a model */
  extra?: readonly Metric[] | undefined;
}

/**
 * Scores synthetic tables against real ones, and real rows by the same metrics as a yardstick.
 * @throws E_USAGE for tables without rows or names, E_INPUT for tables of other columns, E_ABORTED
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  checkTables(options);
  const { signal, onProgress } = options;
  const { schema, columnsOf, warnings } = scored(options.schema);
  const synthetic = options.synthetic.map(({ name, columns }) => ({ name, columns: columnsOf(columns) }));
  const { seed = 0, threads = availableParallelism() } = options;
  const context = createContext({
    ...options,
    schema,
    train: columnsOf(options.train),
    test: columnsOf(options.test),
    holdout: options.holdout && columnsOf(options.holdout),
    ...{ seed, threads },
  });
  const isAsked = ({ name }: Metric): boolean => options.metrics?.includes(name) ?? true;
  const ofTables = metricsFor(context.task, { compat: options.compat ?? false }).filter(isAsked);
  const extra = (options.extra ?? []).filter(isAsked);
  const metrics = [...ofTables, ...extra];
  const total = metrics.length * (synthetic.length + 1);
  const yardsticks = new Yardsticks(context, columnsOf(options.test), options.holdout !== undefined);
  const tables = synthetic.map(({ name, columns }) => ({ name, rowsFor: yardsticks.synthetic(columns) }));
  let done = 0;
  const kept = options.keep === undefined ? undefined : await KeptScores.open(options.keep, options);
  const score = async (metric: Metric, name: string, rows: Scorable): Promise<Score> => {
    throwIfAborted(signal, "the evaluation");
    onProgress?.({ stage: "evaluate", done, total, unit: "scores", note: `${metric.title}, ${name}` });
    const known = kept?.get(metric, name);
    const found = known ?? toScore(name, await computeNoting(metric, rows, name));
    if (!known) await kept?.add(metric, found);
    done++;
    return found;
  };
  const workOf = (metric: Metric): (() => Promise<Score>)[] => {
    return [
      () => score(metric, REAL, yardsticks.real(metric)),
      ...tables.map(
        ({ name, rowsFor }) =>
          () =>
            score(metric, name, rowsFor(metric)),
      ),
    ];
  };
  const scores = [
    ...(await inTurns(ofTables.flatMap(workOf), Math.min(MOST_AT_ONCE, threads))),
    // Each of these may hold a model in memory, and uses all cores by itself.
    ...(await inTurns(extra.flatMap(workOf), 1)),
  ];
  const results = metrics.map((metric, m) => {
    const nTables = synthetic.length + 1;
    return describe(metric, scores.slice(m * nTables, (m + 1) * nTables));
  });
  onProgress?.({ stage: "evaluate", done, total, unit: "scores" });
  const evaluation: Evaluation = {
    version: 2,
    seed,
    task: context.task,
    target: schema.target ?? null,
    tables: listTables(options, context),
    metrics: results,
    warnings: [],
  };
  return { ...evaluation, warnings: [...findWarnings(evaluation), ...warnings] };
}

/** What a metric says of a table, with notes on the rows and where nearest ones were looked for by approximation. */
async function computeNoting(
  metric: Metric,
  { columns, context, notes: known = [] }: Scorable,
  name: string,
): Promise<MetricResult> {
  let approximate = false;
  const neighbors: EvaluationContext["neighbors"] = async (query) => {
    const found = await context.neighbors(query);
    approximate ||= found.approximate;
    return found;
  };
  const result = await metric.compute(cellsOf(columns), { ...context, neighbors }, columns, name);
  const notes = new Set([...known, ...(result.notes ?? []), ...(approximate ? [APPROXIMATE] : [])]);
  return { ...result, notes: [...notes] };
}

function describe(metric: Metric, scores: Score[]): MetricScores {
  const { name, title, area, direction, description, yardstick } = metric;
  return { name, title, area, direction, description, parts: [...metric.parts], yardstick, scores };
}

function toScore(table: string, result: MetricResult): Score {
  const parts = Object.entries(result.parts ?? {}).map(([key, value]) => [key, figureOf(value)] as const);
  return {
    table,
    value: figureOf(result.value),
    interval: result.interval ? [figureOf(result.interval[0]), figureOf(result.interval[1])] : null,
    parts: Object.fromEntries(parts),
    // through JSON, so that what is returned equals what is read back from metrics.json
    detail: JSON.parse(JSON.stringify(result.detail ?? {})) as Record<string, unknown>,
    notes: result.notes ?? [],
  };
}

function listTables(options: EvaluateOptions, context: EvaluationContext): Evaluation["tables"] {
  const { train, test, holdout } = context;
  return [
    { name: "train", role: "train", rows: rowCount(train) },
    { name: "test", role: "test", rows: rowCount(test) },
    ...(options.holdout ? [{ name: "holdout", role: "holdout" as const, rows: rowCount(holdout) }] : []),
    ...options.synthetic.map(({ name, columns }) => ({
      name,
      role: "synthetic" as const,
      rows: rowCount(columns),
    })),
  ];
}

function checkTables({ schema, train, test, holdout, synthetic }: EvaluateOptions): void {
  if (synthetic.length === 0) {
    throw new HarmonicError("E_USAGE", "expected at least one table for `synthetic` but received none", {
      hint: "name a table to score: --synthetic NAME=FILE",
    });
  }
  const names = new Set<string>([REAL]);
  for (const { name } of synthetic) {
    if (name === "" || names.has(name)) {
      throw new HarmonicError(
        "E_USAGE",
        `expected a name of its own for each table but received "${name}" again`,
        {
          hint: `"${REAL}" is taken: it names the yardstick`,
        },
      );
    }
    names.add(name);
  }
  const real = [
    { name: "train", columns: train },
    { name: "test", columns: test },
    ...(holdout ? [{ name: "holdout", columns: holdout }] : []),
  ];
  for (const { name, columns } of [...real, ...synthetic]) {
    const same =
      columns.length === schema.fields.length &&
      columns.every((column, i) => column.name === schema.fields[i]!.name);
    if (!same) throw new HarmonicError("E_INPUT", `table "${name}" does not have the columns of the schema`);
    if (rowCount(columns) === 0) {
      throw new HarmonicError("E_INPUT", `table "${name}" has no rows`, {
        hint: "give a table with at least one row",
      });
    }
  }
}
