import type { Evaluation } from "../evaluate/evaluation";
import { scoresCsv } from "../evaluate/scores-csv";
import { writeText } from "./atomic";

/** Where scores are written to; absent: nowhere. */
export interface ScoreFiles {
  /** scores as JSON */
  metrics?: string | undefined;
  /** scores as CSV */
  csv?: string | undefined;
  /** the report, HTML */
  report?: string | undefined;
}

/** Writes all but the report. */
export async function writeScores({ metrics, csv }: ScoreFiles, evaluation: Evaluation): Promise<void> {
  if (metrics !== undefined) await writeText(metrics, JSON.stringify(evaluation, null, 2) + "\n");
  if (csv !== undefined) await writeText(csv, scoresCsv(evaluation));
}
