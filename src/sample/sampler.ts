import { aborted, HarmonicError, isHarmonicError } from "../errors";
import type { FormatName } from "../instruct/format";
import { rowFormat } from "../instruct/formats";
import { inOrderOf, modelOrder } from "../instruct/order";
import { resolveAdapter } from "../model/adapter";
import { Tokenizer } from "../model/tokenizer";
import type { GenerateResult, GeneratorHandle, ModelHandle, ModelInfo } from "../native/addon";
import { loadAddon } from "../native/load";
import { throwIfAborted } from "../progress";
import { Random } from "../random";
import type { Column } from "../table/columns";
import { rowCount } from "../table/convert";
import { isNumberField, type TableSchema } from "../table/schema";
import { RowAutomaton } from "./automaton";
import { PromptSource } from "./prompts";
import { parseSampleSettings, type SampleSettings, type SampleSettingsInput } from "./settings";

export interface SamplerOptions {
  schema: TableSchema;
  /** rows that examples come from: the table trained on */
  columns: Column[];
  format: FormatName;
  description: string;
  /** examples in a prompt */
  k: number;
  /** shape (n, k), ascending distance; needed where prompts are by "anchor" */
  neighbors?: Int32Array;
  /** base model, a GGUF */
  base: string;
  /** LoRA adapter: a GGUF, or a folder that PEFT saved */
  adapter?: string;
  settings: SampleSettingsInput;
  signal?: AbortSignal | undefined;
}

/** Memory that the rows in flight may take for keys and values. */
const CACHE_BYTES = 2 ** 30;
/** More rows in lock-step gain nothing on a CPU: by then the arithmetic is the limit, not the weights' way from memory. */
const MOST_SEQUENCES = 64;

/**
 * Draws rows in chunks of as many as are decoded in lock-step. Chunk c depends on (seed, c) alone, whatever was drawn
 * before it.
 */
export class Sampler {
  readonly nChunks: number;
  private closed = false;

  private constructor(
    private readonly schema: TableSchema,
    /** the same in the order in which the model writes a row */
    private readonly drawnSchema: TableSchema,
    readonly settings: SampleSettings & { nSequences: number },
    private readonly prompts: PromptSource,
    private readonly model: ModelHandle,
    private readonly generator: GeneratorHandle,
  ) {
    this.nChunks = Math.ceil(settings.rows / settings.nSequences);
  }

  /** @throws E_USAGE for a wrong setting, E_MODEL for a base or adapter that cannot be used */
  static async open(options: SamplerOptions): Promise<Sampler> {
    const settings = parseSampleSettings(options.settings);
    checkExamples(options, settings);
    throwIfAborted(options.signal, "sampling");
    const path = options.base;
    const adapter = options.adapter === undefined ? undefined : await resolveAdapter(options.adapter, path);
    const { engine } = settings;
    const model = await loadAddon().openModel({
      path,
      engine,
      ...(adapter === undefined ? {} : { adapter }),
    });
    try {
      const { description, k } = options;
      const format = rowFormat(options.format);
      const schema = modelOrder(options.schema, format);
      const columns = inOrderOf(schema, options.columns);
      const automaton = new RowAutomaton(schema, format, new Tokenizer(model));
      const neighbors = { ids: options.neighbors ?? new Int32Array(0), width: k };
      const { prompt, seed, threads } = settings;
      const prompts = new PromptSource(automaton, { columns, description, k, neighbors, prompt, seed });
      const nContext = prompts.longestPrompt() + automaton.longestRow();
      const nSequences = sequencesOf(settings, model.info(), nContext);
      throwIfAborted(options.signal, "sampling");
      const generator = await model.openGenerator({
        automaton: automaton.tables,
        nSequences,
        nContext,
        threads,
      });
      return new Sampler(options.schema, schema, { ...settings, nSequences }, prompts, model, generator);
    } catch (error) {
      model.close();
      throw error;
    }
  }

  /** Rows of chunk c: the last one has what is left. */
  rowsOf(c: number): number {
    return Math.min(this.settings.nSequences, this.settings.rows - c * this.settings.nSequences);
  }

  /**
   * The rows of chunk c.
   * @throws E_ABORTED where close() was called or the signal fired while they were drawn
   */
  async chunk(c: number, signal?: AbortSignal): Promise<{ columns: Column[]; nTokens: number }> {
    throwIfAborted(signal, "sampling");
    const { nSequences, rowsPerPrompt, temperature, seed } = this.settings;
    const nRows = this.rowsOf(c);
    const nPrompts = Math.ceil(nRows / rowsPerPrompt);
    const first = c * (nSequences / rowsPerPrompt);
    const pieces = Array.from({ length: nPrompts }, (_, p) => this.prompts.prompt(first + p));
    const random = new Random(seed).derive("rows").derive(c);
    const stop = () => this.generator.abort();
    signal?.addEventListener("abort", stop);
    try {
      const result = await this.generator.generate({
        ...join(pieces),
        rowsPerPrompt,
        temperature,
        seeds: BigUint64Array.from({ length: nPrompts * rowsPerPrompt }, () => random.nextUint64()),
      });
      return { columns: this.columnsOf(result, nRows), nTokens: result.nTokens };
    } catch (error) {
      if (isHarmonicError(error) && error.code === "E_ABORTED") throw aborted("sampling");
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends a chunk that is being drawn and frees the model. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.generator.close();
    this.model.close();
  }

  private columnsOf({ columns }: GenerateResult, nRows: number): Column[] {
    const drawn = this.drawnSchema.fields.map((field, f): Column => {
      if (isNumberField(field)) {
        const scaled = new Float64Array(columns[f] as ArrayBuffer).subarray(0, nRows);
        return { kind: "number", name: field.name, decimals: field.numberFormat.decimals, scaled };
      }
      const codes = new Int32Array(columns[f] as ArrayBuffer).subarray(0, nRows);
      return { kind: "category", name: field.name, values: field.constraints.enum, codes };
    });
    return inOrderOf(this.schema, drawn);
  }
}

/** Rows in lock-step: as asked, else as many as fit the memory; a multiple of the rows of a prompt. */
function sequencesOf(settings: SampleSettings, model: ModelInfo, nContext: number): number {
  const { rowsPerPrompt } = settings;
  const wanted = settings.nSequences ?? defaultSequences(model, nContext);
  return Math.max(1, Math.floor(wanted / rowsPerPrompt)) * rowsPerPrompt;
}

/** So many rows of nContext tokens whose keys and values (F16 in llama.cpp, F32 in our graph) fit CACHE_BYTES. */
export function defaultSequences(model: ModelInfo, nContext: number): number {
  const headSize = model.nEmbedding / model.nHeads;
  const bytesPerValue = model.engine === "graph" ? 4 : 2;
  const bytesPerToken = 2 * bytesPerValue * model.nLayers * model.nHeadsKv * headSize;
  // The generator pads a sequence's cells so, with room for a step's dummies behind the row.
  const nCells = Math.ceil((nContext + 8) / 256) * 256;
  const fitting = Math.floor(CACHE_BYTES / (bytesPerToken * nCells));
  return Math.max(1, Math.min(MOST_SEQUENCES, fitting));
}

function checkExamples({ k, columns, neighbors }: SamplerOptions, { prompt }: SampleSettings): void {
  if (prompt === "none" || k === 0) return;
  const n = rowCount(columns);
  if (n < k + 1) {
    throw new HarmonicError(
      "E_INPUT",
      `expected more than ${k} rows for prompts of ${k} examples but the table has ${n}`,
      {
        hint: "use a smaller k",
      },
    );
  }
  if (prompt === "anchor" && neighbors?.length !== n * k) {
    throw new HarmonicError(
      "E_RUN",
      `expected ${k} neighbours of each of ${n} rows but received ${neighbors?.length ?? 0} ids`,
      {
        hint: "run harmonic preprocess again",
      },
    );
  }
}

function join(pieces: readonly Int32Array[]): { prompts: Int32Array; promptOffsets: Int32Array } {
  const promptOffsets = new Int32Array(pieces.length + 1);
  pieces.forEach((piece, p) => (promptOffsets[p + 1] = promptOffsets[p]! + piece.length));
  const prompts = new Int32Array(promptOffsets[pieces.length]!);
  pieces.forEach((piece, p) => prompts.set(piece, promptOffsets[p]));
  return { prompts, promptOffsets };
}
