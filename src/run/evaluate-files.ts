import { rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { DeviceName } from "../devices/kinds";
import { evaluate } from "../evaluate/evaluate";
import type { Evaluation } from "../evaluate/evaluation";
import type { Metric } from "../evaluate/metric";
import { llmEfficiency } from "../evaluate/metrics/llm-efficiency";
import { readTables, type TablePaths } from "../evaluate/read-tables";
import { DEFAULT_BASE } from "../model/registry";
import { resolveBase } from "../model/resolve";
import type { StageControl } from "../progress";
import { renderReport } from "../report/report";
import { loadSchema } from "../table/schema-json";
import { packageVersion } from "../version";
import { writeText } from "./atomic";
import { writeScores, type ScoreFiles } from "./score-files";
import type { EvaluateStageSettings } from "./stages/evaluate";

export interface EvaluateFilesOptions extends TablePaths, ScoreFiles, StageControl {
  /** file of the tables' schema; default: inferred from the real ones */
  schema?: string | undefined;
  /** column to predict; default: the schema's */
  target?: string | undefined;
  settings?: Omit<EvaluateStageSettings, "dlt"> | undefined;
  /** further metrics */
  extra?: readonly Metric[] | undefined;
  /** the model that `lle` tunes [smollm2-135m] */
  base?: string | undefined;
  /** of samples and learners [0] */
  seed?: number | undefined;
  threads?: number | undefined;
  /** what the model that `lle` tunes is computed on; cpu: no GPU searches neighbours either [auto] */
  device?: DeviceName | undefined;
}

/**
 * Scores tables of files, whoever made them, as `harmonic evaluate` does without a run folder. An evaluation that was
 * interrupted goes on when it is called again, where its scores are written to a file.
 */
export async function evaluateFiles(options: EvaluateFilesOptions): Promise<Evaluation> {
  const {
    schema,
    target,
    seed,
    threads,
    device,
    signal,
    onProgress,
    settings: { lle, ...settings } = {},
  } = options;
  const control = { signal, onProgress };
  const tables = await readTables(options, {
    ...(schema !== undefined && { schema: await loadSchema(schema) }),
    ...(target !== undefined && { target }),
  });
  const extra = [...(options.extra ?? [])];
  if (lle === true) extra.push(await efficiencyOf(options, tables, control));
  const result = options.metrics ?? options.csv ?? options.report;
  // Without a file for the results there is none to go on from either.
  const keep = result === undefined ? undefined : `${result}.partial`;
  const evaluation = await evaluate({
    ...{ ...tables, ...control, ...settings },
    ...{ seed, threads, device, keep, extra },
  });
  await writeScores(options, evaluation);
  if (options.report !== undefined) {
    const report = renderReport({ ...tables, evaluation, settings: shownSettings(options) });
    await writeText(options.report, report);
  }
  if (keep !== undefined) await rm(keep, { force: true });
  return evaluation;
}

async function efficiencyOf(
  { base: name = DEFAULT_BASE, seed = 0, threads = availableParallelism(), device }: EvaluateFilesOptions,
  tables: Awaited<ReturnType<typeof readTables>>,
  control: StageControl,
): Promise<Metric> {
  const { path: base, sha256 } = await resolveBase(name, control);
  return { ...llmEfficiency({ tables, base, seed, threads, device, ...control }), identity: sha256 };
}

/** What the report says that the scores were made with. */
function shownSettings(options: EvaluateFilesOptions) {
  const { train, test, holdout, schema, synthetic, settings } = options;
  return {
    ...{ train, test, holdout: holdout ?? null, schema: schema ?? null },
    synthetic: synthetic.map(({ name, path }) => `${name}=${path}`).join(", "),
    ...{ tune: settings?.tune ?? false, compat: settings?.compat ?? false },
    "version of harmonic": packageVersion(),
  };
}
