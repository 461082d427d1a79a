import { z } from "zod";

const direction = z.enum(["higher", "lower", "half"]);
/** JSON has no NaN: null where a figure is not defined. */
const figure = z.number().nullable();
export const figureOf = (value: number): number | null => (Number.isFinite(value) ? value : null);

const scoreSchema = z.object({
  /** name of the table scored; "real" is the yardstick */
  table: z.string(),
  value: figure,
  /** 95 % interval of the value: what another table of the same generator, or other test rows, might score */
  interval: z.tuple([figure, figure]).nullable(),
  parts: z.record(z.string(), figure),
  /** finer figures of this metric, for charts: its own structure */
  detail: z.record(z.string(), z.unknown()),
  notes: z.array(z.string()),
});

/** The structure of metrics.json. `version` rises when a reader of the old structure would go wrong. */
export const evaluationSchema = z.object({
  version: z.literal(2),
  seed: z.number(),
  task: z.enum(["classification", "regression", "none"]),
  target: z.string().nullable(),
  /** rows of each table */
  tables: z.array(
    z.object({ name: z.string(), role: z.enum(["train", "test", "holdout", "synthetic"]), rows: z.number() }),
  ),
  metrics: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      area: z.enum(["utility", "fidelity", "privacy"]),
      direction,
      description: z.string(),
      parts: z.array(z.object({ key: z.string(), title: z.string(), direction })),
      /** which real rows "real" scores: those trained on, or some never seen */
      yardstick: z.enum(["train", "fresh"]),
      /** "real" first, then the synthetic tables in the order given */
      scores: z.array(scoreSchema),
    }),
  ),
  /** what the figures above do not show */
  warnings: z.array(z.string()),
});

export type Evaluation = z.infer<typeof evaluationSchema>;
export type MetricScores = Evaluation["metrics"][number];
export type Score = MetricScores["scores"][number];

/** Name of the yardstick among the scores. */
export const REAL = "real";

/** What one metric says of one table; undefined where it was not scored. */
export function scoreOf(evaluation: Evaluation, metric: string, table: string): Score | undefined {
  const scores = evaluation.metrics.find(({ name }) => name === metric)?.scores;
  return scores?.find((score) => score.table === table);
}

/** The headline of one table by one metric; undefined where it was not scored or is not defined. */
export function valueOf(evaluation: Evaluation, metric: string, table: string): number | undefined {
  return scoreOf(evaluation, metric, table)?.value ?? undefined;
}
