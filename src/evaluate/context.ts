import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import type { DeviceName } from "../devices/kinds";
import { fitEncoding } from "../encode/encoding";
import { aborted } from "../errors";
import { loadAddon } from "../native/load";
import { Random } from "../random";
import type { Column } from "../table/columns";
import { taskOf } from "../table/infer";
import { isTextField, type TableSchema } from "../table/schema";
import { cellsOf, type Cells } from "./cells";
import { FeatureEncoder } from "./features";
import type { EvaluationContext } from "./metric";
import { Slots } from "./slots";

/** Pairs of rows times dimensions: some seconds of two cores, more where many rows are equally near. */
const MAX_EXACT = 1e11;

export interface ContextOptions {
  schema: TableSchema;
  train: Column[];
  test: Column[];
  holdout?: Column[] | undefined;
  seed: number;
  tune?: boolean | undefined;
  threads?: number | undefined;
  /** cpu: no GPU searches neighbours [auto] */
  device?: DeviceName | undefined;
  signal?: AbortSignal | undefined;
}

/** Fits on the real tables what all metrics share. */
export function createContext(options: ContextOptions): EvaluationContext {
  const { seed, signal } = options;
  const threads = options.threads ?? availableParallelism();
  // Every learner that waits for its turn listens.
  if (signal) setMaxListeners(0, signal);
  const schema = { ...options.schema, fields: options.schema.fields.filter((field) => !isTextField(field)) };
  const target = schema.fields.findIndex(({ name }) => name === schema.target);
  const random = new Random(seed).derive("evaluate");
  const train = cellsOf(options.train);
  const test = cellsOf(options.test);
  const slots = new Slots(threads);
  return {
    schema,
    task: taskOf(schema),
    target,
    train,
    wholeTrain: options.train,
    test,
    holdout: options.holdout ? cellsOf(options.holdout) : test,
    features: new FeatureEncoder(train, { skip: target }),
    rowFeatures: new FeatureEncoder(train),
    rankedFeatures: new FeatureEncoder(train, { skip: target, ranked: true }),
    rankedRowFeatures: new FeatureEncoder(train, { ranked: true }),
    distances: fitEncoding(train, schema, { target: true }),
    tune: options.tune ?? false,
    random: (purpose) => random.derive(purpose),
    once: memory(),
    // One thread each and several at once: most learners cannot use more, and so each core has work to the end.
    fitPredict: async (problem) =>
      new Float64Array(
        await orAborted(
          slots.run(() => loadAddon().fitPredict({ ...problem, seed, threads: 1 }), signal),
          signal,
        ),
      ),
    neighbors: async (query) => {
      const approximate = isLarge(query);
      const gpu = options.device !== "cpu";
      const found = await orAborted(
        loadAddon().nearestNeighbors({ ...query, threads, approximate, gpu }),
        signal,
      );
      return {
        approximate,
        ids: new Int32Array(found.ids),
        distances: new Float32Array(found.distances).map(Math.sqrt),
      };
    },
  };
}

/** Whether comparing each row with each point would take long. */
function isLarge({ points, queries, d }: Parameters<EvaluationContext["neighbors"]>[0]): boolean {
  return (points.length / d) * (queries ?? points).length > MAX_EXACT;
}

/** The same context with these as its only real rows never seen: for scoring the others. */
export function withHoldout(context: EvaluationContext, holdout: Cells[]): EvaluationContext {
  return { ...context, holdout, test: holdout, once: memory() };
}

function memory(): EvaluationContext["once"] {
  const made = new Map<string, unknown>();
  return <T>(key: string, make: () => T) => {
    if (!made.has(key)) made.set(key, make());
    return made.get(key) as T;
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
