import { rm } from "node:fs/promises";
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
import { flatSettings } from "../run-file";

/** Name of the run's rows among the scores. */
const SYNTHETIC = "harmonic";

/** Scores the folder's synthetic rows and writes metrics.json and the report. */
export async function evaluateStage(
  folder: RunFolder,
  control: StageControl & { threads?: number | undefined },
): Promise<void> {
  if (folder.isDone("evaluate")) return;
  await folder.begin("evaluate", {});
  const { run } = folder;
  const tables = await readTables(
    {
      train: folder.path(FILES.train),
      test: folder.path(FILES.test),
      holdout: folder.has(FILES.holdout) ? folder.path(FILES.holdout) : undefined,
      synthetic: [{ name: SYNTHETIC, path: folder.path(FILES.synthetic) }],
    },
    { schema: await loadSchema(folder.path(FILES.schema)) },
  );
  const keep = `${folder.path(FILES.metrics)}.partial`;
  const evaluation: Evaluation = await evaluate({ ...tables, ...control, seed: run.seed, keep });
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

/** What the sampling stage noted of its rows. */
function samplingOf({ run }: RunFolder): SamplingFigures | undefined {
  const { rows, redraws, allowedMass } = run.stages.sample?.result ?? {};
  if (typeof rows !== "number" || !isFigures(redraws)) return undefined;
  return { rows, redraws, ...(isFigures(allowedMass) && { allowedMass }) };
}

const isFigures = (value: unknown): value is Record<string, number> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
