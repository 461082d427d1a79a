import { availableParallelism } from "node:os";
import type { DeviceName } from "../devices/kinds";
import type { EvaluateOptions } from "../evaluate/evaluate";
import type { Metric, MetricResult } from "../evaluate/metric";
import { dataLeakage } from "../evaluate/metrics/data-leakage";
import { llmEfficiency } from "../evaluate/metrics/llm-efficiency";
import { lossMembership } from "../evaluate/metrics/loss-membership";
import { ModelLosses } from "../evaluate/model-losses";
import { hashFile } from "../hash";
import { isTableBase } from "../model/table-base";
import type { StageControl } from "../progress";
import { loadCells } from "./cells-file";
import { FILES, type RunFolder } from "./folder";
import { loadInstructionData } from "./stages/load";
import { baseOf, isPermuted } from "./stages/sample";
import { trainedFile } from "./stages/train";

/** Orders of the columns that rows are scored in where the adapter has learnt all. */
const N_ORDERS = 4;

export interface ModelMetricsOptions extends StageControl {
  /** rows of each table that the model's losses are taken of, 0: no such metrics */
  dlt: number;
  /** tune the base model on the rows */
  lle: boolean;
  tables: Pick<EvaluateOptions, "schema" | "train" | "test" | "holdout" | "synthetic">;
  /** name of the folder's own rows among the tables */
  drawn: string;
  threads?: number | undefined;
  /** what language models are computed on [auto] */
  device?: DeviceName | undefined;
}

/** Of a table model, which reads no text. */
function skipped(): Promise<MetricResult> {
  const notes = [
    "a table model reads no text: harmonic evaluate --train ... --lle --base MODEL scores the rows by a language model",
  ];
  return Promise.resolve({ value: NaN, notes });
}

/** The metrics of a run folder that need its models. @throws E_MODEL where the base is gone */
export async function modelMetrics(folder: RunFolder, options: ModelMetricsOptions): Promise<Metric[]> {
  const { dlt, lle, tables, drawn, device, signal, onProgress } = options;
  if (dlt === 0 && !lle) return [];
  const { seed } = folder.run;
  const isTable = isTableBase(folder.run.base);
  const base = isTable ? undefined : await baseOf(folder);
  const threads = options.threads ?? availableParallelism();
  const metrics: Metric[] = [];
  if (lle) {
    const control = { threads, device, signal, onProgress };
    const metric = llmEfficiency({ tables, base: base?.path ?? "", seed, ...control });
    metrics.push(base ? { ...metric, identity: base.sha256 } : { ...metric, compute: skipped });
  }
  if (dlt === 0) return metrics;
  const { schema, columns, format, description } = await loadInstructionData(folder);
  const cells = isTable ? await loadCells(folder.path(FILES.schema), schema) : undefined;
  const trained = folder.path(trainedFile(folder.run.settings.train));
  const isWhole = folder.run.settings.train?.train === "all";
  const permuted = isWhole ? Number(folder.run.settings.train?.permute) > 0 : await isPermuted(trained);
  const losses = new ModelLosses({
    model: { schema, columns, format, description, cells, adapter: isWhole ? undefined : trained },
    ...{ base: base?.path, whole: isWhole ? trained : undefined, nOrders: permuted ? N_ORDERS : 1 },
    ...{ tables, drawn, rows: dlt, seed, threads, device, signal },
  });
  const identity = `${await hashFile(trained)} ${dlt}`;
  return [...metrics, { ...dataLeakage(losses), identity }, { ...lossMembership(losses), identity }];
}
