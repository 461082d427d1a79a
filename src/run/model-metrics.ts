import { availableParallelism } from "node:os";
import type { EvaluateOptions } from "../evaluate/evaluate";
import type { Metric } from "../evaluate/metric";
import { dataLeakage } from "../evaluate/metrics/data-leakage";
import { llmEfficiency } from "../evaluate/metrics/llm-efficiency";
import { lossMembership } from "../evaluate/metrics/loss-membership";
import { ModelLosses } from "../evaluate/model-losses";
import { hashFile } from "../hash";
import type { RunFolder } from "./folder";
import { loadInstructionData } from "./stages/load";
import { baseOf, isPermuted } from "./stages/sample";
import { trainedFile } from "./stages/train";

/** Orders of the columns that rows are scored in where the adapter has learnt all. */
const N_ORDERS = 4;

export interface ModelMetricsOptions {
  /** rows of each table that the model's losses are taken of, 0: no such metrics */
  dlt: number;
  /** tune the base model on the rows */
  lle: boolean;
  tables: Pick<EvaluateOptions, "schema" | "train" | "test" | "holdout" | "synthetic">;
  /** name of the folder's own rows among the tables */
  drawn: string;
  threads?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** The metrics of a run folder that need its models. @throws E_MODEL where the base is gone */
export async function modelMetrics(folder: RunFolder, options: ModelMetricsOptions): Promise<Metric[]> {
  const { dlt, lle, tables, drawn, signal } = options;
  if (dlt === 0 && !lle) return [];
  const { path: base, sha256 } = await baseOf(folder);
  const { seed } = folder.run;
  const threads = options.threads ?? availableParallelism();
  const metrics: Metric[] = [];
  if (lle) metrics.push({ ...llmEfficiency({ tables, base, seed, threads, signal }), identity: sha256 });
  if (dlt === 0) return metrics;
  const { schema, columns, format, description } = await loadInstructionData(folder);
  const trained = folder.path(trainedFile(folder.run.settings.train));
  const isWhole = folder.run.settings.train?.train === "all";
  const permuted = isWhole ? Number(folder.run.settings.train?.permute) > 0 : await isPermuted(trained);
  const losses = new ModelLosses({
    model: { schema, columns, format, description, adapter: isWhole ? undefined : trained },
    ...{ base, whole: isWhole ? trained : undefined, nOrders: permuted ? N_ORDERS : 1 },
    ...{ tables, drawn, rows: dlt, seed, threads, signal },
  });
  const identity = `${await hashFile(trained)} ${dlt}`;
  return [...metrics, { ...dataLeakage(losses), identity }, { ...lossMembership(losses), identity }];
}
