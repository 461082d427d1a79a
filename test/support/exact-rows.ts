import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rowFormat } from "../../src/instruct/formats";
import { Tokenizer } from "../../src/model/tokenizer";
import type {
  AutomatonTables,
  GenerateOptions,
  GenerateResult,
  ModelHandle,
  OpenGeneratorOptions,
  SampleEngine,
} from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { Random } from "../../src/random";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { chiSquareScore } from "./brute-force";
import { allPaths, type Path } from "./paths";
import { writeRoundedGguf } from "./rounded-gguf";
import { type DrawOptions, rowProbabilities } from "./row-probabilities";
import { allSmallRows, smallSchema } from "./small-table";
import { temporaryFolder } from "./temporary";

const cpu = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
/** Only processors with fast 8-bit products have our graph. */
const graph: SampleEngine[] = /\bavx512_vnni\b|\bavx_vnni\b/.test(cpu) ? ["graph"] : [];

export const N_SEQUENCES = 64;
/** Many rows in lock-step, and so few that drafts are made. */
const MANY = { nRows: N_SEQUENCES, nPasses: 40 };
export const FEW = { nRows: 4, nPasses: 400 };
/** Standard deviations; some 40 scores are looked at. */
const WORST = 4;

/** What is drawn, how, and what brute force is to make of it. */
export interface Drawing {
  open?: Partial<OpenGeneratorOptions>;
  generate?: Partial<GenerateOptions>;
  brute?: DrawOptions;
  /** whether a row is one that may be drawn; default: all */
  allowed?: (values: Path["values"]) => boolean;
  /** default: many */
  size?: typeof MANY;
}

/**
 * Draws of the small table by every engine beside the probabilities of all its rows by brute force. Makes a model of
 * random weights before the tests of a file, and closes it behind them.
 */
export class ExactRows {
  readonly engines: SampleEngine[] = ["llama", "dense", "device", ...graph];
  automaton!: RowAutomaton;
  /** every row that the schema allows */
  paths!: Path[];
  prompt!: Int32Array;
  private otherPrompt!: Int32Array;
  private readonly models = new Map<SampleEngine, ModelHandle>();

  constructor() {
    const path = join(temporaryFolder(), "base.gguf");
    beforeAll(() => this.load(path));
    afterAll(() => this.models.forEach((model) => model.close()));
  }

  model(engine: SampleEngine = "llama"): ModelHandle {
    return this.models.get(engine)!;
  }

  /** Probabilities of rows behind the prompt, by their values as JSON. */
  probabilities(
    rows: readonly Path[],
    options?: DrawOptions,
    tables: AutomatonTables = this.automaton.tables,
  ): Promise<Map<string, number>> {
    return rowProbabilities(this.model(), tables, [...rows], this.prompt, options);
  }

  /** The results of many passes, the same in each run. Half of the rows of each stand behind `prompt`, the first ones. */
  async *passes(
    engine: SampleEngine,
    { open, generate, size: { nRows, nPasses } = MANY }: Drawing,
  ): AsyncGenerator<GenerateResult> {
    const generator = await this.model(engine).openGenerator({
      ...{ automaton: this.automaton.tables, nSequences: nRows, nContext: 200, threads: 2 },
      ...open,
    });
    try {
      for (let pass = 0; pass < nPasses; pass++) {
        yield await generator.generate(this.request(pass, nRows, generate));
      }
    } finally {
      generator.close();
    }
  }

  /** How often each row was drawn behind the prompt, and how many failed there. */
  async drawn(
    engine: SampleEngine,
    drawing: Drawing,
  ): Promise<{ counts: Map<string, number>; failed: number; rows: number }> {
    const counts = new Map<string, number>();
    let failed = 0;
    let rows = 0;
    for await (const result of this.passes(engine, drawing)) {
      const ends = new Int32Array(result.failed);
      const values = this.valuesOf(result);
      for (let i = 0; i < ends.length / 2; i++) {
        rows++;
        if (ends[i]! >= 0) failed++;
        else count(counts, JSON.stringify(values[i]));
      }
    }
    return { counts, failed, rows };
  }

  /** The values of each row of a pass, null missing. */
  valuesOf({ columns, failed }: GenerateResult): (number | null)[][] {
    const { columnKinds } = this.automaton.tables;
    const views = columns.map((buffer, c) =>
      columnKinds[c] === 1 ? new Float64Array(buffer as ArrayBuffer) : new Int32Array(buffer as ArrayBuffer),
    );
    const n = new Int32Array(failed).length;
    return Array.from({ length: n }, (_, i) =>
      views.map((view, c) =>
        (columnKinds[c] === 0 && view[i] === -1) || Number.isNaN(view[i]) ? null : view[i]!,
      ),
    );
  }

  /** Expects each engine to draw the allowed rows, and no others, as often as they are likely. */
  async expectExact(drawing: Drawing): Promise<void> {
    const { allowed = () => true, brute = {} } = drawing;
    const expected = await this.probabilities(
      this.paths.filter(({ values }) => allowed(values)),
      brute,
    );
    expect([...expected.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    for (const engine of this.engines) {
      const { counts, failed } = await this.drawn(engine, drawing);
      expect(failed).toBe(0);
      expectDrawn(counts, expected);
    }
  }

  /** Two prompts, so that prefixes are shared and prompts are not. */
  private request(pass: number, nRows: number, options: Partial<GenerateOptions> = {}): GenerateOptions {
    const { prompt, otherPrompt } = this;
    const random = new Random(pass);
    return {
      prompts: Int32Array.from([...prompt, ...otherPrompt]),
      promptOffsets: Int32Array.of(0, prompt.length, prompt.length + otherPrompt.length),
      rowsPerPrompt: nRows / 2,
      seeds: BigUint64Array.from({ length: nRows }, () => random.nextUint64()),
      temperature: 1,
      ...options,
    };
  }

  private async load(path: string): Promise<void> {
    writeRoundedGguf(path);
    for (const engine of this.engines) this.models.set(engine, await loadAddon().openModel({ path, engine }));
    const language = new TextLanguage(rowFormat("compact"), new Tokenizer(this.model()));
    this.automaton = new RowAutomaton(smallSchema, language);
    this.paths = allPaths(this.automaton.tables);
    const rows = [17, 5, 200].map((i) => this.automaton.encodeRow(allSmallRows(), i).tokens);
    const parts = language.prompt(smallSchema, { description: "people", k: 2 });
    this.prompt = this.automaton.encodePrompt(parts, rows.slice(0, 2));
    this.otherPrompt = this.automaton.encodePrompt(parts, rows.slice(1));
  }
}

/** The same given tokens before each row of a pass of many. */
export function givenTokens(tokens: readonly number[]): Partial<GenerateOptions> {
  return {
    prefixes: Int32Array.from(Array.from({ length: N_SEQUENCES }, () => tokens).flat()),
    prefixOffsets: Int32Array.from({ length: N_SEQUENCES + 1 }, (_, i) => i * tokens.length),
  };
}

export function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function expectDrawn(
  counts: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, number>,
): void {
  expect([...counts.keys()].filter((row) => !expected.has(row))).toEqual([]);
  expect(chiSquareScore(counts, expected)).toBeLessThan(WORST);
}
