import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { rowFormat } from "../../src/instruct/formats";
import { Tokenizer } from "../../src/model/tokenizer";
import type {
  GenerateOptions,
  GeneratorSwitches,
  ModelHandle,
  OpenGeneratorOptions,
  SampleEngine,
  TextBuffers,
} from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { Random } from "../../src/random";
import { naturalOrder } from "../../src/instruct/order";
import { edgeCounts } from "../../src/sample/edge-counts";
import { rowCount } from "../../src/table/convert";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { chiSquareScore } from "../support/brute-force";
import { allPaths, type Path } from "../support/paths";
import { writeRoundedGguf } from "../support/rounded-gguf";
import { type DrawOptions, rowProbabilities } from "../support/row-probabilities";
import { allSmallRows, smallSchema } from "../support/tables";
import { temporaryFolder } from "../support/temporary";

const base = join(temporaryFolder(), "base.gguf");
const cpu = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
/** Only processors with fast 8-bit products have our graph. */
const graph: SampleEngine[] = /\bavx512_vnni\b|\bavx_vnni\b/.test(cpu) ? ["graph"] : [];
const engines: SampleEngine[] = ["llama", "dense", ...graph];
const models = new Map<SampleEngine, ModelHandle>();
let automaton: RowAutomaton;
let paths: Path[];
let prompt: Int32Array;
let otherPrompt: Int32Array;

beforeAll(async () => {
  writeRoundedGguf(base);
  for (const engine of engines) models.set(engine, await loadAddon().openModel({ path: base, engine }));
  automaton = new RowAutomaton(
    smallSchema,
    new TextLanguage(rowFormat("compact"), new Tokenizer(models.get("llama")!)),
  );
  paths = allPaths(automaton.tables);
  const rows = [17, 5, 200].map((i) => automaton.encodeRow(allSmallRows(), i).tokens);
  const parts = automaton.language.prompt(smallSchema, { description: "people", k: 2 });
  prompt = automaton.encodePrompt(parts, rows.slice(0, 2));
  otherPrompt = automaton.encodePrompt(parts, rows.slice(1));
});
afterAll(() => models.forEach((model) => model.close()));

const N_SEQUENCES = 64;
const N_PASSES = 40;
/** So few rows that drafts are made. */
const FEW = { nRows: 4, nPasses: 400 };
/** Standard deviations; some 40 scores are looked at. */
const WORST = 4;

/** Half of the rows behind another prompt, which is not looked at: so that prefixes are shared and prompts are not. */
function request(
  pass: number,
  options: Partial<GenerateOptions>,
  nRows: number = N_SEQUENCES,
): GenerateOptions {
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

/** How often each row was drawn behind `prompt`, and how many rows failed there. */
async function drawn(
  engine: SampleEngine,
  open: Partial<OpenGeneratorOptions>,
  generate: Partial<GenerateOptions>,
  { nRows, nPasses } = { nRows: N_SEQUENCES, nPasses: N_PASSES },
): Promise<{ counts: Map<string, number>; failed: number; rows: number }> {
  const { tables } = automaton;
  const generator = await models
    .get(engine)!
    .openGenerator({ automaton: tables, nSequences: nRows, nContext: 200, threads: 2, ...open });
  const counts = new Map<string, number>();
  let failed = 0;
  const n = nRows / 2;
  for (let pass = 0; pass < nPasses; pass++) {
    const result = await generator.generate(request(pass, generate, nRows));
    const ends = new Int32Array(result.failed);
    const views = result.columns.map((buffer, c) =>
      tables.columnKinds[c] === 1
        ? new Float64Array(buffer as ArrayBuffer)
        : new Int32Array(buffer as ArrayBuffer),
    );
    for (let i = 0; i < n; i++) {
      if (ends[i]! >= 0) {
        failed++;
        continue;
      }
      const row = views.map((view, c) =>
        (tables.columnKinds[c] === 0 && view[i] === -1) || Number.isNaN(view[i]) ? null : view[i]!,
      );
      const key = JSON.stringify(row);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  generator.close();
  return { counts, failed, rows: nPasses * n };
}

async function expectExact(
  open: Partial<OpenGeneratorOptions>,
  generate: Partial<GenerateOptions>,
  brute: DrawOptions = {},
  allowed: (values: Path["values"]) => boolean = () => true,
  few?: typeof FEW,
): Promise<void> {
  const rows = paths.filter(({ values }) => allowed(values));
  const expected = await rowProbabilities(models.get("llama")!, automaton.tables, rows, prompt, brute);
  expect([...expected.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  for (const engine of engines) {
    const { counts, failed } = await drawn(engine, open, generate, few);
    expect([...counts.keys()].filter((row) => !expected.has(row))).toEqual([]);
    expect(failed).toBe(0);
    expect(chiSquareScore(counts, expected)).toBeLessThan(WORST);
  }
}

describe("rows are drawn from the model's distribution over allowed rows", () => {
  const off: GeneratorSwitches[] = [
    { jumpForward: false },
    { sharePrefix: false },
    { sharePrompt: false },
    { cutVocabulary: false },
    { drafts: false },
    { smallCache: false },
    {
      ...{ jumpForward: false, sharePrefix: false, sharePrompt: false, cutVocabulary: false },
      ...{ drafts: false, smallCache: false },
    },
  ];
  it.each([{}, ...off])("with the switches %j", async (switches) => {
    await expectExact({ switches }, {});
  });

  it.each([true, false])("of few rows in lock-step, drafts %j", async (drafts) => {
    const rows = allSmallRows();
    const counts = edgeCounts({
      ...{ tables: automaton.tables, starts: [{ order: naturalOrder(smallSchema), startState: 0 }] },
      ...{ nRows: rowCount(rows), tokensOf: (row) => automaton.encodeRow(rows, row).tokens },
    });
    await expectExact({ switches: { drafts }, edgeCounts: counts }, {}, {}, undefined, FEW);
  });

  it("at a temperature of each column", async () => {
    const temperatures = [2, NaN, 0.7, NaN, NaN];
    const general = { temperature: 1.4 };
    await expectExact(
      {},
      { ...general, temperatures: Float64Array.from(temperatures) },
      { ...general, temperatures },
    );
  });

  it.each([{ topP: 0.8 }, { minP: 0.3 }, { topP: 0.9, minP: 0.1 }])("with %j", async (limits) => {
    await expectExact({}, { temperature: 1.2, ...limits }, { temperature: 1.2, ...limits });
  });

  it("behind given cells", async () => {
    const row = paths.find(({ values }) => values[0] === 1 && values[1] === 10)!;
    const end = row.tokens.findIndex((_, i) => {
      const same = paths.filter(({ tokens }) => tokens.slice(0, i).join() === row.tokens.slice(0, i).join());
      return same.every(({ values }) => values[0] === 1 && values[1] === 10);
    });
    const given = row.tokens.slice(0, end);
    const n = N_SEQUENCES;
    await expectExact(
      {},
      {
        prefixes: Int32Array.from(Array.from({ length: n }, () => given).flat()),
        prefixOffsets: Int32Array.from({ length: n + 1 }, (_, i) => i * given.length),
      },
      {},
      ([sex, age]) => sex === 1 && age === 10,
    );
  });

  it("from a second automaton behind the first", async () => {
    const { tables } = automaton;
    const n = tables.edgeOffsets.length - 1;
    const twice = (values: Int32Array, shift = 0): Int32Array =>
      Int32Array.from([...values, ...values.map((value) => value + shift)]);
    const two = {
      edgeOffsets: Int32Array.from([
        ...tables.edgeOffsets,
        ...tables.edgeOffsets.subarray(1).map((offset) => offset + tables.edgeTokens.length),
      ]),
      edgeTokens: twice(tables.edgeTokens),
      edgeNext: twice(tables.edgeNext, n),
      edgeColumns: twice(tables.edgeColumns),
      edgeActions: twice(tables.edgeActions),
      columnKinds: tables.columnKinds,
    };
    const startStates = Int32Array.from({ length: N_SEQUENCES }, (_, i) => (i % 2) * n);
    await expectExact({ automaton: two }, { startStates });
  });
});

describe("rules", () => {
  // sex, age 8 .. 12 or missing, change -0.1 .. 0.2, note of 4 or missing, unit
  const decimals = Int32Array.of(0, 0, 1, 0, 0);

  it("compare numbers at their decimals; a missing one satisfies", async () => {
    // 10 * change > age - 9, by a derived bound would be another rule: here age is made small by its own scale.
    const scales = Int32Array.of(0, 2, 1, 0, 0);
    await expectExact(
      { rules: [{ kind: "compare", left: 2, op: ">=", right: 1 }], decimals: scales },
      {},
      {},
      ([, age, change]) => age === null || change! / 10 >= age! / 100,
    );
  });

  it.each(["<", "<=", ">", ">=", "=", "!="] as const)("compare with %s", async (op) => {
    const holds = (a: number, b: number): boolean =>
      ({ "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "=": a === b, "!=": a !== b })[op];
    // age in tenths of thousandths is 0.0008 .. 0.0012 and change is -0.001 .. 0.002
    await expectExact(
      { rules: [{ kind: "compare", left: 1, op, right: 2 }], decimals: Int32Array.of(0, 4, 3, 0, 0) },
      {},
      {},
      ([, age, change]) => age === null || holds(age!, change! * 10),
    );
  });

  it("allow combinations only", async () => {
    const rows = Float64Array.from([0, 8, 0, 1, NaN, -1, 1, 12, 3, 1, 11, 3, 0, 10, 2, 0, 10, 1]);
    const allowed = new Set(
      Array.from({ length: rows.length / 3 }, (_, i) =>
        Array.from(rows.subarray(3 * i, 3 * i + 3), (x) => (Number.isNaN(x) || x < 0 ? null : x)).join(),
      ),
    );
    await expectExact(
      { rules: [{ kind: "combination", columns: [0, 1, 3], rows }] },
      {},
      {},
      ([sex, age, , note]) => allowed.has([sex, age, note].join()),
    );
  });

  it("see through columns between two combinations", async () => {
    // age follows sex and change follows age: with sex, change is known, though no rule says so itself
    const rules: OpenGeneratorOptions["rules"] = [
      { kind: "combination", columns: [0, 1], rows: Float64Array.of(0, 8, 0, 9, 1, 11, 1, NaN) },
      {
        kind: "combination",
        columns: [1, 2],
        rows: Float64Array.of(8, -1, 9, 0, 9, 2, 11, 1, 12, 0, NaN, 2),
      },
    ];
    const pairs = ["0,8,-1", "0,9,0", "0,9,2", "1,11,1", "1,,2"];
    await expectExact({ rules, decimals }, {}, {}, ([sex, age, change]) =>
      pairs.includes([sex, age, change].join()),
    );
  });

  it("derive the last column, and hold back earlier ones that would take it out of its bounds", async () => {
    // change = (age - 9) / 10, missing where age is: change cannot be missing, so age cannot
    const terms = Float64Array.of(1, 1, 0, 9, 3, 0, 0, 10, 5, 0);
    const rules: OpenGeneratorOptions["rules"] = [{ kind: "derived", column: 2, terms }];
    await expectExact({ rules, decimals }, {}, {}, ([, age, change]) => age !== null && change === age! - 9);
  });

  it("derive a column that is written before what it is made of", async () => {
    // age = 10 * change + 10, missing never
    const terms = Float64Array.of(0, 10, 1, 2, 4, 0, 0, 10, 2, 0);
    const rules: OpenGeneratorOptions["rules"] = [{ kind: "derived", column: 1, terms }];
    await expectExact({ rules, decimals }, {}, {}, ([, age, change]) => age === change! + 10);
  });

  it("that contradict each other are refused at once", async () => {
    const rules: OpenGeneratorOptions["rules"] = [
      { kind: "combination", columns: [0], rows: Float64Array.of(7) },
    ];
    const opening = models
      .get("llama")!
      .openGenerator({ automaton: automaton.tables, nSequences: 1, nContext: 200, threads: 1, rules });
    await expect(opening).rejects.toMatchObject({ code: "E_USAGE", message: /rule 0 cannot be satisfied/ });
  });

  it("mark rows whose given cells break them", async () => {
    const rows = Float64Array.of(0, 8);
    const { failed, rows: n } = await drawn(
      "llama",
      { rules: [{ kind: "combination", columns: [0, 1], rows }] },
      givenFirst(1),
    );
    expect(failed).toBe(n);
  });
});

/** Rows that begin with the first cell given. */
function givenFirst(sex: number): Partial<GenerateOptions> {
  const { tokens } = paths.find(({ values }) => values[0] === sex)!;
  const other = paths.find(({ values }) => values[0] !== sex)!.tokens;
  const given = tokens.slice(0, tokens.findIndex((token, i) => token !== other[i]) + 1);
  const all = Array.from({ length: N_SEQUENCES }, () => given).flat();
  return {
    prefixes: Int32Array.from(all),
    prefixOffsets: Int32Array.from({ length: N_SEQUENCES + 1 }, (_, i) => i * given.length),
  };
}

describe("texts", () => {
  const pieces = ["a", "b", "ab", "é"];

  it("keep their limits and are drawn from the distribution over allowed tokens", async () => {
    const tokenizer = new Tokenizer(models.get("llama")!);
    const tokens = [...new Set(pieces.flatMap((piece) => [...tokenizer.encode(piece)]))].sort(
      (a, b) => a - b,
    );
    const end = tokenizer.encode("\n")[0]!;
    const begins = (token: number): number => {
      const [first, second] = tokenizer.encode("é");
      return token === first ? 1 : token === second ? 0 : tokenizer.decode(Int32Array.of(token)).length;
    };
    const edges = [...tokens, end].sort((a, b) => a - b);
    const tables = {
      edgeOffsets: Int32Array.of(0, edges.length, edges.length),
      edgeTokens: Int32Array.from(edges),
      edgeNext: Int32Array.from(edges, (token) => (token === end ? 1 : 0)),
      edgeColumns: Int32Array.from(edges, () => 0),
      edgeActions: Int32Array.from(edges, (token) => (token === end ? -1 : begins(token))),
      columnKinds: Int32Array.of(2),
      textLimits: Int32Array.of(1, 3),
    };
    const found: Path[] = [];
    const [lead, more] = tokenizer.encode("é");
    const walk = (path: number[], n: number): void => {
      const whole = path.at(-1) !== lead;
      if (whole && n >= 1) found.push({ tokens: [...path, end], values: [path.join() as unknown as number] });
      for (const token of tokens) {
        const size = begins(token);
        if ((token === more) === !whole && n + size <= 3) walk([...path, token], n + size);
      }
    };
    walk([], 0);
    const text = (path: string): string => tokenizer.decode(Int32Array.from(path.split(","), Number));
    const expected = new Map<string, number>();
    for (const [key, share] of await rowProbabilities(models.get("llama")!, tables, found, prompt)) {
      const name = text((JSON.parse(key) as string[])[0]!);
      expected.set(name, (expected.get(name) ?? 0) + share);
    }
    for (const engine of engines) {
      const generator = await models
        .get(engine)!
        .openGenerator({ automaton: tables, nSequences: N_SEQUENCES, nContext: 200, threads: 2 });
      const counts = new Map<string, number>();
      for (let pass = 0; pass < N_PASSES; pass++) {
        const { columns } = await generator.generate(request(pass, {}));
        const { offsets, bytes, missing } = columns[0] as TextBuffers;
        expect(new Uint8Array(missing).every((flag) => flag === 0)).toBe(true);
        const at = new Int32Array(offsets);
        for (let i = 0; i < N_SEQUENCES / 2; i++) {
          const name = Buffer.from(bytes)
            .subarray(at[i], at[i + 1])
            .toString("utf8");
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
      }
      generator.close();
      expect([...counts.keys()].filter((name) => !expected.has(name))).toEqual([]);
      expect(chiSquareScore(counts, expected)).toBeLessThan(WORST);
    }
  });
});

describe("explanations", () => {
  it("are the cells' probabilities, and the share of the softmax that was allowed", async () => {
    const expected = await rowProbabilities(models.get("llama")!, automaton.tables, paths, prompt);
    for (const engine of engines) {
      const generator = await models.get(engine)!.openGenerator({
        automaton: automaton.tables,
        nSequences: N_SEQUENCES,
        nContext: 200,
        threads: 2,
        explain: true,
      });
      const { columns, explanations } = await generator.generate(request(3, { temperature: 2, topP: 0.9 }));
      const nColumns = columns.length;
      const logs = new Float32Array(explanations!.logProbabilities);
      const mass = new Float32Array(explanations!.allowedMass);
      for (let i = 0; i < N_SEQUENCES / 2; i++) {
        const row = columns.map((buffer, c) => {
          const view = automaton.tables.columnKinds[c] === 1 ? Float64Array : Int32Array;
          const value = new view(buffer as ArrayBuffer)[i]!;
          return Number.isNaN(value) || (view === Int32Array && value === -1) ? null : value;
        });
        const sum = logs.subarray(i * nColumns, (i + 1) * nColumns).reduce((a, b) => a + b, 0);
        expect(Math.exp(sum)).toBeCloseTo(expected.get(JSON.stringify(row))!, 2);
        const shares = mass.subarray(i * nColumns, (i + 1) * nColumns);
        expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
        expect(Math.min(...shares.subarray(0, 4))).toBeLessThan(0.9);
        expect([logs[i * nColumns + 4], shares[4]]).toEqual([0, 1]);
      }
      generator.close();
    }
  });
});
