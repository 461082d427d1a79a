import type { Encoding } from "../encode/encoding";
import type { FitPredictOptions, NearestNeighborsOptions } from "../native/addon";
import type { Random } from "../random";
import type { Column } from "../table/columns";
import type { Task } from "../table/infer";
import type { TableSchema } from "../table/schema";
import type { Cells } from "./cells";
import type { FeatureEncoder } from "./features";
import type { Interval } from "./intervals";

/** Which way is better: up, down, or close to one half. */
export type Direction = "higher" | "lower" | "half";

export type Area = "utility" | "fidelity" | "privacy";

/** A figure that a metric gives beside its headline. */
export interface Part {
  key: string;
  title: string;
  direction: Direction;
}

/** One way of scoring a synthetic table. Every file of src/evaluate/metrics holds one. */
export interface Metric {
  /** stable key, in metrics.json */
  readonly name: string;
  readonly title: string;
  readonly area: Area;
  readonly direction: Direction;
  /** what the headline means, in a sentence */
  readonly description: string;
  readonly parts: readonly Part[];
  /** real rows that are scored like a synthetic table, as a yardstick: the training rows, or real rows never seen */
  readonly yardstick: "train" | "fresh";
  /** what decides its figures beside the tables, e.g. a model's digest */
  readonly identity?: string;
  /** Scores one table. `whole` is the same rows with their texts, `name` the table's among the scores. */
  compute(table: Cells[], context: EvaluationContext, whole: Column[], name: string): Promise<MetricResult>;
}

export interface MetricResult {
  /** the headline; NaN where it is not defined */
  value: number;
  /** 95 times in 100 the figure of the generator, rather than of these rows, lies in here */
  interval?: Interval | undefined;
  /** by key of `parts` */
  parts?: Record<string, number>;
  /** finer figures, for charts; plain JSON */
  detail?: Record<string, unknown>;
  /** what a reader must know to trust the figure, e.g. that rows were sampled */
  notes?: string[];
}

/** The note on a score by rows of which some may not be the nearest. */
export const APPROXIMATE =
  "nearest rows were looked for in 16 cells of space, and a few may be second nearest";

/** Nearest points, both of shape (m, k), nearest first. */
export interface Neighbors {
  ids: Int32Array;
  /** Euclidean */
  distances: Float32Array;
  /** whether there were too many points to look at each: some may not be the nearest */
  approximate: boolean;
}

/** What every metric may use: the real tables, what was fitted on them, and the engine. */
export interface EvaluationContext {
  readonly schema: TableSchema;
  readonly task: Task;
  /** index of the target column, -1 where there is none */
  readonly target: number;
  readonly train: Cells[];
  /** the same with their texts */
  readonly wholeTrain: Column[];
  readonly test: Cells[];
  /** real rows that no model has seen, to compare distances with; the test rows where no others were given */
  readonly holdout: Cells[];
  /** all columns but the target, fitted on train */
  readonly features: FeatureEncoder;
  /** all columns, fitted on train */
  readonly rowFeatures: FeatureEncoder;
  /** the same two with one feature for each category: as good for boosted trees, and several times faster */
  readonly rankedFeatures: FeatureEncoder;
  readonly rankedRowFeatures: FeatureEncoder;
  /** all columns as points whose distance means how much two rows differ, fitted on train */
  readonly distances: Encoding;
  /** whether learners' settings are searched for, on train, rather than fixed */
  readonly tune: boolean;
  /** a stream of random numbers for this purpose, the same whatever else was drawn */
  readonly random: (purpose: string) => Random;
  /** What `make` gives, made once for all tables. */
  readonly once: <T>(key: string, make: () => T) => T;
  /** One of the engine's learners; several run at once. Rejects with E_ABORTED when the evaluation is interrupted. */
  readonly fitPredict: (options: Omit<FitPredictOptions, "threads" | "seed">) => Promise<Float64Array>;
  /** Nearest points, nearly so where there are very many; rejects as fitPredict does. */
  readonly neighbors: (
    options: Omit<NearestNeighborsOptions, "threads" | "approximate">,
  ) => Promise<Neighbors>;
}
