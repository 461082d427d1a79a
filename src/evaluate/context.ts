import { availableParallelism } from "node:os";
import { fitEncoding } from "../encode/encoding";
import { aborted } from "../errors";
import { loadAddon } from "../native/load";
import { Random } from "../random";
import type { Column } from "../table/columns";
import { taskOf } from "../table/infer";
import type { TableSchema } from "../table/schema";
import { FeatureEncoder } from "./features";
import type { EvaluationContext } from "./metric";

export interface ContextOptions {
  schema: TableSchema;
  train: Column[];
  test: Column[];
  holdout?: Column[] | undefined;
  seed: number;
  threads?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** Fits on the real tables what all metrics share. */
export function createContext(options: ContextOptions): EvaluationContext {
  const { schema, train, test, seed, signal } = options;
  const threads = options.threads ?? availableParallelism();
  const target = schema.fields.findIndex(({ name }) => name === schema.target);
  const random = new Random(seed).derive("evaluate");
  return {
    schema,
    task: taskOf(schema),
    target,
    train,
    test,
    holdout: options.holdout ?? test,
    features: new FeatureEncoder(train, target),
    rowFeatures: new FeatureEncoder(train),
    distances: fitEncoding(train, schema, { target: true }),
    random: (purpose) => random.derive(purpose),
    fitPredict: async (problem) =>
      new Float64Array(await orAborted(loadAddon().fitPredict({ ...problem, seed, threads }), signal)),
    nearest: async (query) => {
      const { distances } = await orAborted(loadAddon().nearestNeighbors({ ...query, threads }), signal);
      return new Float32Array(distances);
    },
  };
}

/** The result of native work, or E_ABORTED at once when the signal fires; the work then ends unheard. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(aborted("the evaluation"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
