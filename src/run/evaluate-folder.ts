import { copyFile, readFile } from "node:fs/promises";
import type { DeviceName } from "../devices/kinds";
import { HarmonicError } from "../errors";
import { evaluationSchema, type Evaluation } from "../evaluate/evaluation";
import type { StageControl } from "../progress";
import { FILES, RunFolder } from "./folder";
import { writeScores, type ScoreFiles } from "./score-files";
import { evaluateStage, type EvaluateStageSettings } from "./stages/evaluate";

/** Scores and report are written into the folder, and to the files given beside. */
export interface EvaluateFolderOptions extends ScoreFiles, StageControl {
  /** a run folder with rows */
  directory: string;
  threads?: number | undefined;
  /** what language models are computed on [auto] */
  device?: DeviceName | undefined;
  /** over those that the folder was evaluated with before */
  settings?: EvaluateStageSettings | undefined;
}

/** Scores the rows of a run folder, as `harmonic evaluate` does; at once where they are scored with these settings. */
export async function evaluateFolder(options: EvaluateFolderOptions): Promise<Evaluation> {
  const folder = await RunFolder.open(options.directory);
  try {
    if (!folder.isDone("sample") || !folder.has(FILES.test)) {
      const what = folder.has(FILES.test) ? "no synthetic rows yet" : "no real rows to test on";
      throw new HarmonicError("E_RUN", `${options.directory} has ${what}`, {
        hint: "harmonic run makes both; tables of files are scored by --train, --test and --synthetic",
      });
    }
    await evaluateStage(folder, options, options.settings);
    const scores = await readFile(folder.path(FILES.metrics), "utf8");
    const evaluation = evaluationSchema.parse(JSON.parse(scores));
    await writeScores(options, evaluation);
    if (options.report !== undefined) await copyFile(folder.path(FILES.report), options.report);
    return evaluation;
  } finally {
    await folder.close();
  }
}
