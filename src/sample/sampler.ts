import type { CellLanguage } from "../cells/cell-language";
import { aborted, isHarmonicError } from "../errors";
import type { FormatName } from "../instruct/format";
import { inOrderOf, modelOrder, type Order } from "../instruct/order";
import { chooseDevice } from "../devices/device";
import { resolveAdapter } from "../model/adapter";
import type {
  GenerateOptions,
  GenerateResult,
  GeneratorSwitches,
  ModelHandle,
  ModelInfo,
  OpenGeneratorOptions,
} from "../native/addon";
import { loadAddon } from "../native/load";
import { throwIfAborted } from "../progress";
import { Random } from "../random";
import { rowCount, type Column } from "../table/columns";
import { isIdentifierField, type TableSchema } from "../table/schema";
import { RowAutomaton } from "./automaton";
import type { Conditions } from "./conditions";
import { tableTokenizer } from "./table-tokenizer";
import { drawnColumns } from "./drawn";
import { edgeCounts } from "./edge-counts";
import { drawColumns, explanationColumns, explanationSchema } from "./explain";
import { PrivacyGate } from "./gate";
import { GeneratorPool } from "./generator-pool";
import { bestGuesses, type Guess } from "./best-guess";
import { checkOptions, rulesOf } from "./check-options";
import { joined } from "./joined";
import type { RowLanguage } from "./language";
import { PromptSource } from "./prompts";
import { RowPlan } from "./row-plan";
import { openFitting, sequencesOf } from "./sequences";
import { drawRows, type DrawnRows, type JudgedPass } from "./redraw";
import { parseSampleSettings, type DrawSettings, type DrawSettingsInput } from "./settings";

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
  /** what a table model writes rows in; absent: the base's own tokens */
  cells?: CellLanguage | undefined;
  /** LoRA adapter: a GGUF, or a folder that PEFT saved */
  adapter?: string;
  /** whether the target counts in distances, as in preprocess; default false */
  labelInDistance?: boolean;
  settings: DrawSettingsInput;
  /** what rows must be like besides the schema's rules; see parseRule */
  rules?: readonly string[] | undefined;
  /** whether rows keep to the schema's dependencies [true] */
  dependencies?: boolean | undefined;
  /** what the rows to draw are to be like */
  conditions?: Conditions | undefined;
  /** whether the adapter was trained on rows in all orders of their columns [false] */
  permuted?: boolean;
  /** write columns in an order that the adapter was not trained for where conditions ask for it [false] */
  anyOrder?: boolean | undefined;
  /** speed-ups to turn off, to measure what each gains [all on] */
  switches?: GeneratorSwitches | undefined;
  signal?: AbortSignal | undefined;
}

export interface GroupControl {
  signal?: AbortSignal | undefined;
  /** told how many rows of the group are drawn for good */
  onRows?: ((done: number) => void) | undefined;
}

/** Rows of a group; where rows are quick it has more, for each costs a file and a pass of the few rows drawn again. */
const GROUP_ROWS = 256;
const DENSE_GROUP_ROWS = 1024;
/** Of table models on a device: a pass is to have rows enough for it. */
const DEVICE_GROUP_ROWS = 4096;
/** Generators where rows are quick: while one's rows are chosen another's are evaluated. */
const MOST_GENERATORS = 2;

/**
 * Draws rows in groups. A group depends on (seed, its number) alone, whatever was drawn before it: its prompts, the seeds
 * of its rows and of their redraws, and the passes of nSequences rows that it is decoded in, for a logarithm's last bits
 * may depend on the rows beside a row.
 */
export class Sampler {
  private closed = false;

  private constructor(
    readonly schema: TableSchema,
    /** what the model writes of it, in the order in which it does */
    private readonly drawnSchema: TableSchema,
    /** what it writes with */
    private readonly language: RowLanguage,
    /** the rows trained on */
    readonly columns: readonly Column[],
    readonly settings: DrawSettings & { nSequences: number; groupRows: number },
    readonly plan: RowPlan,
    private readonly prompts: PromptSource,
    readonly gate: PrivacyGate,
    private readonly model: ModelHandle,
    private readonly generators: GeneratorPool,
  ) {}

  /** @throws E_USAGE for a wrong setting, E_MODEL for a base or adapter that cannot be used */
  static async open(options: SamplerOptions): Promise<Sampler> {
    const { rows: _rows, ...settings } = parseSampleSettings({ rows: 1, ...options.settings });
    checkOptions(options, settings);
    throwIfAborted(options.signal, "sampling");
    const path = options.base;
    const adapter = options.adapter === undefined ? undefined : await resolveAdapter(options.adapter, path);
    const { engine, explain, threads } = settings;
    const device = chooseDevice(settings.device);
    const model = await loadAddon().openModel({
      path,
      engine,
      ...(device.id !== undefined && { device: device.id }),
      ...(adapter === undefined ? {} : { adapter }),
    });
    try {
      const { description, k, labelInDistance = false } = options;
      const language =
        options.cells ?? tableTokenizer(model, options.format, options.schema, options.columns);
      const schema = modelOrder(options.schema, language);
      const columns = inOrderOf(schema, options.columns);
      const automaton = new RowAutomaton(schema, language, true);
      const neighbors = { ids: options.neighbors ?? new Int32Array(0), width: k };
      const { prompt, seed, minDistance } = settings;
      const rules = rulesOf(options);
      const plan = new RowPlan({
        ...{ ...options, rules, automaton, columns, seed },
        identifiers: options.schema.fields.filter(isIdentifierField),
      });
      // A row that is completed may well be one that is known: that is no leak of the model's.
      const allowCopies = options.conditions?.given === undefined ? settings.allowCopies : true;
      const prompts = new PromptSource(automaton, { columns, description, k, neighbors, prompt, seed });
      const gate = new PrivacyGate({
        ...{ columns, schema, labelInDistance, allowCopies, minDistance, distances: explain, threads },
      });
      const nContext = prompts.longestPrompt(plan.orders) + plan.longestRow;
      const info = model.info();
      const isTable = options.cells !== undefined;
      const quickRows = quickGroupRows(info, isTable);
      const nDraws = plan.guess?.draws ?? 1;
      const groupRows = settings.groupRows ?? atLeastOne((quickRows ?? GROUP_ROWS) / nDraws);
      // What a row's logits are does not depend on the generator there, nor on its threads.
      const isBulk = (options.settings.rows ?? Infinity) > groupRows;
      const nGenerators = quickRows !== undefined && isBulk ? Math.min(MOST_GENERATORS, threads) : 1;
      const wanted = sequencesOf(settings, { model: info, isTable, nContext, device, nGenerators });
      throwIfAborted(options.signal, "sampling");
      const open: OpenGeneratorOptions = {
        automaton: plan.tables,
        rules: plan.rules,
        decimals: plan.decimals,
        nSequences: wanted,
        nContext,
        threads: atLeastOne(threads / nGenerators),
        explain,
        edgeCounts: edgeCounts({
          ...{ tables: plan.tables, starts: plan.starts, nRows: rowCount(columns) },
          tokensOf: (row, order) => automaton.encodeRow(columns, row, order).tokens,
        }),
        ...(options.switches && { switches: options.switches }),
      };
      const { generator, nSequences } = await openFitting(model, open, settings.rowsPerPrompt, device);
      if (nSequences < wanted) {
        plan.warnings.push(`${device.description} has memory for ${nSequences} rows at once, not ${wanted}`);
      }
      if (info.obstacle !== "") {
        plan.warnings.push(`${device.description} draws by llama.cpp, which is slower: ${info.obstacle}`);
      }
      const onCpu = generator.onCpu();
      if (onCpu.length > 0) {
        plan.warnings.push(
          `${device.description} has no kernel for ${onCpu.join(", ")}: the CPU computes it`,
        );
      }
      const generators = [generator];
      while (generators.length < nGenerators) {
        generators.push(await model.openGenerator({ ...open, nSequences }));
      }
      return new Sampler(
        options.schema,
        schema,
        language,
        options.columns,
        { ...settings, nSequences, groupRows },
        plan,
        prompts,
        gate,
        model,
        new GeneratorPool(generators),
      );
    } catch (error) {
      model.close();
      throw error;
    }
  }

  /** Groups that are worth drawing at once; where rows depend on all rows drawn before, one after another. */
  get groupsAtOnce(): number {
    const { size } = this.generators;
    // One more than generators: rows of a group are judged while others are drawn.
    return size === 1 || this.plan.looksBack ? 1 : size + 1;
  }

  /** Rows that are drawn for a group: more than it has where several are made one. */
  private get groupDraws(): number {
    return this.settings.groupRows * (this.plan.guess?.draws ?? 1);
  }

  /** The table of `explained`. */
  get explanationSchema(): TableSchema {
    const names = new Set(this.drawnSchema.fields.map(({ name }) => name));
    return explanationSchema({ fields: this.schema.fields.filter(({ name }) => names.has(name)) });
  }

  /**
   * The first `nRows` rows of group g, in the columns that the model writes.
   * @throws E_ABORTED where close() was called or the signal fired while they were drawn, E_MODEL where rows that may
   *   stand cannot be had
   */
  async group(g: number, nRows: number, control: GroupControl = {}): Promise<DrawnRows> {
    const { groupRows, nSequences, attempts } = this.settings;
    const { draws = 1 } = this.plan.guess ?? {};
    const firstRow = g * groupRows;
    let known: { attempt: number; seeds: BigUint64Array } | undefined;
    const drawn = await drawRows({
      ...{ nRows: nRows * draws, nSequences, attempts },
      nameOf: (row) => `row ${firstRow + Math.floor(row / draws) + 1}`,
      draw: (rows, attempt) => {
        if (known?.attempt !== attempt) known = { attempt, seeds: this.seedsOf(g, attempt) };
        return this.pass(g, rows, known, control.signal);
      },
      onRows: (done) => control.onRows?.(Math.floor(done / draws)),
    });
    const { explained } = drawn;
    return {
      ...drawn,
      ...(this.plan.guess && { columns: this.guesses(drawn.columns, this.plan.guess) }),
      ...(explained && {
        explained: inOrderOf(this.explanationSchema, [...drawColumns(firstRow, drawn.redraws), ...explained]),
      }),
    };
  }

  private guesses(drawn: readonly Column[], guess: Guess): Column[] {
    return bestGuesses(drawn, guess, (columns, row) => this.plan.fits(columns, row));
  }

  /** Notes rows that an earlier call has drawn, for rules that look at all rows. */
  remember(columns: readonly Column[]): void {
    if (!this.plan.looksBack) return;
    const drawn = inOrderOf(this.drawnSchema, columns);
    for (let row = 0; row < rowCount(drawn); row++) this.plan.take(drawn, row);
  }

  /** Ends a group that is being drawn and frees the model. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.generators.close();
    this.model.close();
    this.gate.close();
  }

  /** Draws these rows of group g, which depends on them, g and attempt alone, and judges them. */
  private async pass(
    g: number,
    rows: readonly number[],
    { attempt, seeds }: { attempt: number; seeds: BigUint64Array },
    signal: AbortSignal | undefined,
  ): Promise<JudgedPass> {
    const { temperature, topP, minP } = this.settings;
    const starts = rows.map((row) => this.plan.start(g * this.groupDraws + row));
    const prompts = joined(rows.map((row, i) => this.promptOf(g, row, attempt, starts[i]!.order)));
    const prefixes = joined(starts.map(({ prefix }) => prefix));
    const result = await this.generate(
      {
        ...{ prompts: prompts.values, promptOffsets: prompts.offsets },
        ...{ prefixes: prefixes.values, prefixOffsets: prefixes.offsets },
        startStates: Int32Array.from(starts, ({ startState }) => startState),
        // Rows of one prompt give it each: the generator evaluates equal prompts once.
        rowsPerPrompt: 1,
        seeds: BigUint64Array.from(rows, (row) => seeds[row]!),
        ...{ temperature, topP, minP, temperatures: this.temperatures() },
      },
      signal,
    );
    if (this.closed) throw aborted("sampling");
    const columns = drawnColumns(result, this.drawnSchema, rows.length, this.language);
    const failed = new Int32Array(result.failed);
    const holds = this.plan.judge(columns, rows.length);
    const { leaks, distances } = await this.gate.judge(columns);
    return {
      columns,
      ...(result.explanations && {
        explained: explanationColumns(result.explanations, distances, this.drawnSchema, rows.length),
      }),
      reasons: leaks.map((leak, i) => {
        const reason = failed[i]! >= 0 || !holds[i] ? "failed" : leak;
        return reason ?? (this.plan.take(columns, i) ? undefined : "failed");
      }),
      nTokens: result.nTokens,
    };
  }

  private async generate(options: GenerateOptions, signal: AbortSignal | undefined): Promise<GenerateResult> {
    return this.generators.with(async (generator) => {
      throwIfAborted(signal, "sampling");
      const stop = () => generator.abort();
      signal?.addEventListener("abort", stop);
      try {
        return await generator.generate(options);
      } catch (error) {
        if (isHarmonicError(error) && error.code === "E_ABORTED") throw aborted("sampling");
        throw error;
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    });
  }

  private promptOf(g: number, row: number, attempt: number, order: Order): Int32Array {
    const { rowsPerPrompt } = this.settings;
    if (attempt > 0) return this.prompts.promptAgain(g * this.groupDraws + row, attempt, order);
    const promptsPerGroup = Math.ceil(this.groupDraws / rowsPerPrompt);
    return this.prompts.prompt(g * promptsPerGroup + Math.floor(row / rowsPerPrompt), order);
  }

  /** One for each row of group g, of which a row's draws depend on nothing else. */
  private seedsOf(g: number, attempt: number): BigUint64Array {
    const random = new Random(this.settings.seed).derive("rows").derive(g).derive(attempt);
    return random.nextUint64s(this.groupDraws);
  }

  /** By column as the model writes them, NaN: the general one. */
  private temperatures(): Float64Array {
    return Float64Array.from(this.drawnSchema.fields, ({ name }) => this.settings.temperatures[name] ?? NaN);
  }
}

/** Rows of a group where they are quick; undefined elsewhere. */
function quickGroupRows({ engine }: ModelInfo, isTable: boolean): number | undefined {
  if (engine === "device") return isTable ? DEVICE_GROUP_ROWS : undefined;
  return engine === "dense" ? DENSE_GROUP_ROWS : undefined;
}

const atLeastOne = (n: number): number => Math.max(1, Math.floor(n));
