import type { RecordBatch } from "apache-arrow";
import type { StageControl } from "../progress";
import { toRecordBatch } from "../table/batches";
import type { Column } from "../table/columns";
import type { WritableFormat } from "../table/write";
import { writeTable } from "../table/write";
import { openParts, type Parts } from "./parts";
import { Sampler, type SamplerOptions } from "./sampler";

export interface SampleOptions extends SamplerOptions, StageControl {}

/**
 * Draws rows, a record batch for each chunk of rows decoded in lock-step; the next chunk is drawn while the caller works
 * on one. The same options give the same rows.
 * @throws E_USAGE, E_INPUT, E_MODEL, E_ABORTED
 */
export async function* sample(options: SampleOptions): AsyncGenerator<RecordBatch> {
  for await (const columns of chunks(options)) yield toRecordBatch(columns, options.schema);
}

export interface SampleToFileOptions extends SampleOptions {
  /** where finished chunks wait for the others; an interrupted sampling with the same settings goes on from them */
  parts: string;
  /** what tells base, adapter and table from others, e.g. their hashes: parts of another identity are not used */
  identity: string;
  out: string;
  /** default: by the extension of `out` */
  outFormat?: WritableFormat;
}

export interface SampleResult {
  rows: number;
  /** drawn in this call: the others were found in parts */
  drawn: number;
  /** tokens evaluated in this call */
  tokens: number;
  seconds: number;
}

/**
 * As `sample`, into a file that appears whole. Each finished chunk is kept, so that a sampling that was ended in any way
 * and is run again writes the same bytes as an uninterrupted one.
 */
export async function sampleToFile(options: SampleToFileOptions): Promise<SampleResult> {
  const started = Date.now();
  const parts = await openParts(options.parts, partsIdentity(options), options.schema);
  const result = { rows: options.settings.rows, drawn: 0, tokens: 0 };
  const { out: path, outFormat: format, schema, signal } = options;
  const batches = async function* (): AsyncGenerator<RecordBatch> {
    for await (const columns of chunks(options, parts, result)) yield toRecordBatch(columns, schema);
  };
  await writeTable({ path, ...(format && { format }), signal }, batches(), schema);
  await parts.remove();
  return { ...result, seconds: (Date.now() - started) / 1000 };
}

async function* chunks(
  options: SampleOptions,
  parts?: Parts,
  counts = { drawn: 0, tokens: 0 },
): AsyncGenerator<Column[]> {
  const { signal, onProgress } = options;
  const sampler = await Sampler.open(options);
  const total = sampler.settings.rows;
  let done = 0;
  let c = 0;
  try {
    onProgress?.({ stage: "sample", done, total, unit: "rows" });
    for (; c < sampler.nChunks; c++) {
      const kept = await parts?.read(c, sampler.rowsOf(c));
      if (!kept) break;
      done += sampler.rowsOf(c);
      onProgress?.({ stage: "sample", done, total, unit: "rows" });
      yield kept;
    }
    let next = c < sampler.nChunks ? sampler.chunk(c, signal) : undefined;
    while (next) {
      const { columns, nTokens } = await next;
      // One chunk ahead: drawn while this one is saved and used.
      next = c + 1 < sampler.nChunks ? sampler.chunk(c + 1, signal) : undefined;
      next?.catch(() => undefined); // reported when it is awaited, unless the caller stops before
      await parts?.save(c, columns);
      counts.drawn += sampler.rowsOf(c);
      counts.tokens += nTokens;
      done += sampler.rowsOf(c);
      onProgress?.({ stage: "sample", done, total, unit: "rows" });
      c++;
      yield columns;
    }
  } finally {
    sampler.close();
  }
}

/** All that the rows depend on, as text. */
function partsIdentity(options: SampleToFileOptions): string {
  const { schema, format, description, k, settings, identity } = options;
  return JSON.stringify({ identity, schema, format, description, k, settings });
}
