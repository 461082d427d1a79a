import { rm } from "node:fs/promises";
import type { DeviceName } from "../../devices/kinds";
import { evaluate } from "../../evaluate/evaluate";
import type { Evaluation } from "../../evaluate/evaluation";
import { readTables } from "../../evaluate/read-tables";
import type { StageControl } from "../../progress";
import { renderReport } from "../../report/report";
import type { SamplingFigures } from "../../report/sampling-section";
import { loadSchema } from "../../table/schema-json";
import { readTrainingLog } from "../../train/log";
import { writeText } from "../atomic";
import { FILES, type RunFolder } from "../folder";
import { modelMetrics } from "../model-metrics";
import { flatSettings, type RunFile } from "../run-file";

/** Name of the run's rows among the scores. */
export const OWN_ROWS = "harmonic";

export interface EvaluateStageSettings {
  /** rows of each table that the model's losses are taken of, 0: none [100] */
  dlt?: number | undefined;
  /** also tune the base model on the rows, and on the real ones [false] */
  lle?: boolean | undefined;
  /** search for the learners' settings [false] */
  tune?: boolean | undefined;
  /** also the original method's own figures [false] */
  compat?: boolean | undefined;
}

/** A first look at the losses, cheap beside the training. */
const DEFAULTS = { dlt: 100, lle: false, tune: false, compat: false };

/**
 * Scores the folder's synthetic rows and writes metrics.json and the report; again where they were scored with other
 * settings. Those not given are as before.
 */
export async function evaluateStage(
  folder: RunFolder,
  control: StageControl & { threads?: number | undefined; device?: DeviceName | undefined },
  settings: EvaluateStageSettings = {},
): Promise<void> {
  const before = folder.run.settings.evaluate;
  const wanted = { ...DEFAULTS, ...before, ...given(settings) };
  const isSame = JSON.stringify(wanted) === JSON.stringify({ ...DEFAULTS, ...before });
  if (folder.isDone("evaluate") && isSame) return;
  await folder.beginAnew("evaluate", wanted);
  const { run } = folder;
  const tables = await readTables(
    {
      train: folder.path(FILES.train),
      test: folder.path(FILES.test),
      holdout: folder.has(FILES.holdout) ? folder.path(FILES.holdout) : undefined,
      synthetic: [{ name: OWN_ROWS, path: folder.path(FILES.synthetic) }],
    },
    { schema: await loadSchema(folder.path(FILES.schema)) },
  );
  const keep = `${folder.path(FILES.metrics)}.partial`;
  const { dlt, lle, tune, compat } = wanted;
  const extra = await modelMetrics(folder, { ...control, ...{ tables, dlt, lle }, drawn: OWN_ROWS });
  const scored = { ...tables, ...control, ...{ tune, compat, extra, keep }, seed: run.seed };
  const evaluation: Evaluation = await evaluate(scored);
  await writeText(folder.path(FILES.metrics), JSON.stringify(evaluation, null, 2) + "\n");
  const report = renderReport({
    ...tables,
    title: `Synthetic ${run.name}`,
    evaluation,
    training: await readTrainingLog(folder.path(FILES.log)),
    sampling: samplingOf(folder),
    settings: flatSettings(run),
  });
  await writeText(folder.path(FILES.report), report);
  await rm(keep, { force: true });
  await folder.finish("evaluate", [FILES.metrics, FILES.report]);
}

/** The settings that are there. */
function given(settings: EvaluateStageSettings): Partial<typeof DEFAULTS> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** What the sampling stage noted of its rows. */
function samplingOf({ run }: RunFolder): SamplingFigures | undefined {
  const { rows, redraws, allowedMass } = run.stages.sample?.result ?? {};
  if (typeof rows !== "number" || !isFigures(redraws)) return undefined;
  const rare = rareOf(run);
  return { rows, redraws, ...(isFigures(allowedMass) && { allowedMass }), ...(rare && { rare }) };
}

/** What the training stage noted of categories left out; undefined where none were to be. */
function rareOf({ settings, stages }: RunFile): SamplingFigures["rare"] {
  const fewerThan = settings.train?.protectRare;
  if (typeof fewerThan !== "number" || fewerThan === 0) return undefined;
  const { rareValues: values, rareRows: rows } = stages.train?.result ?? {};
  return isFigures(values) && isFigures(rows) ? { fewerThan, values, rows } : undefined;
}

const isFigures = (value: unknown): value is Record<string, number> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
