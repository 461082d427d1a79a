import type { RecordBatch } from "apache-arrow";
import { parseShard } from "../sample/groups";
import { batches } from "../sample/output";
import { planOf } from "../sample/sample";
import { Sampler } from "../sample/sampler";
import type { OnProgress } from "../progress";
import type { TableSchema } from "../table/schema";
import { RunFolder } from "./folder";
import { withoutNulls } from "./settings";
import {
  sampleOptions,
  type SampleOverrides,
  type SampleStageControl,
  type SampleStageSettings,
} from "./stages/sample";

export interface OpenGeneratorOptions extends SampleStageControl, SampleOverrides {
  /** a run folder with a trained adapter, or one that is preprocessed where `adapter` is given */
  directory: string;
  /** over those that the folder's own rows were drawn with */
  settings?: Omit<SampleStageSettings, "rows" | "explain"> | undefined;
}

export interface DrawOptions {
  rows: number;
  /** one part of the rows, e.g. "3/16"; default: all */
  shard?: string;
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

/** A trained model, loaded, that draws rows for as long as it is open. */
export class RowGenerator {
  /** @internal */
  constructor(private readonly sampler: Sampler) {}

  get schema(): TableSchema {
    return this.sampler.schema;
  }

  /**
   * Rows as Arrow record batches, a group of rows each. While the caller works on one the next is drawn, and no more than
   * that, so memory does not grow with the rows. The same options give the same rows, from the first on; one iteration at a time.
   */
  async *sample({ shard, ...options }: DrawOptions): AsyncGenerator<RecordBatch> {
    const { sampler, schema } = this;
    const plan = planOf(sampler, {
      settings: options,
      ...(shard !== undefined && { shard: parseShard(shard) }),
    });
    const { signal, onProgress } = options;
    yield* batches({ sampler, ...plan, schema, signal, onProgress });
  }

  /** Ends a drawing and frees the model. Idempotent. */
  close(): void {
    this.sampler.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }
}

/**
 * Loads what a run folder has trained, to draw rows from it.
 * @throws E_RUN where it has no adapter, E_MODEL where base or adapter cannot be used
 */
export async function openGenerator(options: OpenGeneratorOptions): Promise<RowGenerator> {
  const folder = await RunFolder.read(options.directory);
  const stored = folder.run.settings.sample as SampleStageSettings | undefined;
  const settings = { ...withoutNulls(stored), ...options.settings, explain: false };
  return new RowGenerator(await Sampler.open(await sampleOptions(folder, settings, options)));
}
