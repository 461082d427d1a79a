import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rowFormat } from "../../src/instruct/formats";
import { Tokenizer } from "../../src/model/tokenizer";
import type { GenerateOptions, GeneratorHandle, ModelHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { Random } from "../../src/random";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { longestPath } from "../../src/sample/walk";
import { chiSquareScore, pathProbabilities } from "../support/brute-force";
import { allPaths } from "../support/paths";
import { allSmallRows, smallSchema } from "../support/small-table";
import { temporaryFolder } from "../support/temporary";
import { tinyGguf, writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const basePath = join(folder, "base.gguf");
const columns = allSmallRows();

let model: ModelHandle;
let automaton: RowAutomaton;
/** a prompt of k rows, by number */
let promptOf: (p: number) => Int32Array;

beforeAll(async () => {
  writeTinyGguf(basePath);
  model = await loadAddon().openModel({ path: basePath });
  automaton = new RowAutomaton(smallSchema, new TextLanguage(rowFormat("compact"), new Tokenizer(model)));
  const parts = automaton.language.prompt(smallSchema, { description: "people", k: 3 });
  promptOf = (p) => {
    const random = new Random(p);
    const rows = [0, 1, 2].map(() => automaton.encodeRow(columns, random.nextInt(240)).tokens);
    return automaton.encodePrompt(parts, rows);
  };
});
afterAll(() => model.close());

const open = (nSequences: number, rows = automaton, handle = model): Promise<GeneratorHandle> =>
  handle.openGenerator({ automaton: rows.tables, nSequences, nContext: 200, threads: 2 });

function request(prompts: Int32Array[], rowsPerPrompt: number, seed: number): GenerateOptions {
  const random = new Random(seed);
  const offsets = [0];
  for (const prompt of prompts) offsets.push(offsets.at(-1)! + prompt.length);
  return {
    prompts: Int32Array.from(prompts.flatMap((prompt) => [...prompt])),
    promptOffsets: Int32Array.from(offsets),
    rowsPerPrompt,
    seeds: BigUint64Array.from({ length: prompts.length * rowsPerPrompt }, () => random.nextUint64()),
    temperature: 1,
  };
}

/** The rows of a result as text, a missing cell as null. */
async function rowsOf(generator: GeneratorHandle, options: GenerateOptions): Promise<string[]> {
  const { columns } = await generator.generate(options);
  const n = options.seeds.length;
  const views = columns.map((buffer, c) =>
    automaton.tables.columnKinds[c] === 1
      ? new Float64Array(buffer as ArrayBuffer)
      : new Int32Array(buffer as ArrayBuffer),
  );
  for (const view of views) expect(view.length).toBe(n);
  return Array.from({ length: n }, (_, i) =>
    JSON.stringify(
      views.map((view, c) => (automaton.tables.columnKinds[c] === 0 && view[i] === -1 ? null : view[i]!)),
    ),
  );
}

const prompts = (n: number): Int32Array[] => Array.from({ length: n }, (_, p) => promptOf(p));

describe("a generator", () => {
  it("draws only rows that the automaton accepts", async () => {
    const generator = await open(32);
    const valid = new Set(allPaths(automaton.tables).map(({ values }) => JSON.stringify(values)));
    for (const [nPrompts, rowsPerPrompt] of [
      [32, 1],
      [4, 8],
      [1, 32],
      [5, 3],
    ] as const) {
      const rows = await rowsOf(generator, request(prompts(nPrompts), rowsPerPrompt, 1));
      expect(rows.filter((row) => !valid.has(row))).toEqual([]);
      expect(new Set(rows).size).toBeGreaterThan(5);
    }
    generator.close();
  });

  it("gives the same rows for the same request, whatever came before", async () => {
    const generator = await open(16);
    const fresh = await rowsOf(generator, request(prompts(16), 1, 7));
    await rowsOf(generator, request(prompts(4).slice(2), 8, 8));
    await rowsOf(generator, request([promptOf(3)], 5, 8));
    expect(await rowsOf(generator, request(prompts(16), 1, 7))).toEqual(fresh);
    const another = await open(16);
    expect(await rowsOf(another, request(prompts(16), 1, 7))).toEqual(fresh);
    expect(await rowsOf(another, request(prompts(16), 1, 9))).not.toEqual(fresh);
    generator.close();
    another.close();
  });

  it.each([
    [64, 1],
    [1, 64],
    [8, 8],
  ])(
    "draws from the model's distribution over valid rows (%i prompts of %i rows)",
    async (nPrompts, rowsPerPrompt) => {
      const probabilities = new Map<string, number>();
      const values = new Map(
        allPaths(automaton.tables).map((path) => [path.tokens.join(), JSON.stringify(path.values)]),
      );
      const prompt = promptOf(5);
      const temperature = 1.3;
      for (const [tokens, probability] of await pathProbabilities(
        model,
        automaton.tables,
        prompt,
        temperature,
      )) {
        probabilities.set(values.get(tokens)!, probability);
      }
      expect([...probabilities.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 6);

      const generator = await open(64);
      const counts = new Map<string, number>();
      for (let pass = 0; pass < 60; pass++) {
        const same = Array.from({ length: nPrompts }, () => prompt);
        const options = { ...request(same, rowsPerPrompt, pass), temperature };
        for (const row of await rowsOf(generator, options)) counts.set(row, (counts.get(row) ?? 0) + 1);
      }
      generator.close();
      expect(chiSquareScore(counts, probabilities)).toBeLessThan(3.5);
    },
  );

  it("takes the likeliest token at temperature 0", async () => {
    const generator = await open(4);
    const rows = await rowsOf(generator, { ...request([promptOf(1)], 4, 3), temperature: 0 });
    expect(new Set(rows).size).toBe(1);
    generator.close();
  });

  it("draws a row that has no choice without asking the model", async () => {
    const schema = { fields: [smallSchema.fields[4]!] };
    const constant = new RowAutomaton(schema, automaton.language);
    const generator = await open(2, constant);
    const { columns, nTokens } = await generator.generate(request([promptOf(0)], 2, 0));
    expect(new Int32Array(columns[0] as ArrayBuffer)).toEqual(Int32Array.of(0, 0));
    expect(nTokens).toBe(0);
    generator.close();
  });

  it("evaluates a common prefix and equal prompts once", async () => {
    const generator = await open(8);
    const one = await generator.generate(request([promptOf(0)], 1, 0));
    const eight = await generator.generate(request(prompts(1).concat(prompts(1)), 4, 0));
    expect(eight.nTokens).toBeLessThan(one.nTokens + 8 * longestPath(automaton.tables, [0]));
    const length = prompts(8).reduce((sum, prompt) => sum + prompt.length, 0);
    const different = await generator.generate(request(prompts(8), 1, 0));
    expect(different.nTokens).toBeLessThan(length);
    generator.close();
  });

  it("runs other architectures", async () => {
    for (const architecture of ["qwen2", "qwen3"]) {
      const path = join(folder, `${architecture}.gguf`);
      writeTinyGguf(path, { architecture });
      const other = await loadAddon().openModel({ path });
      expect(other.info()).toMatchObject({ architecture, untrainable: "" });
      const generator = await open(4, automaton, other);
      expect(await rowsOf(generator, request(prompts(4), 1, 0))).toHaveLength(4);
      generator.close();
      other.close();
    }
  });
});

describe("abort and close", () => {
  const path = join(folder, "slow.gguf");
  beforeAll(() => writeTinyGguf(path, { nLayers: 2, nEmbedding: 256, nFeedForward: 1024 }));

  /** A generator with seconds of work before it. */
  async function busy(): Promise<{ generator: GeneratorHandle; running: Promise<unknown> }> {
    const slow = await loadAddon().openModel({ path });
    const generator = await slow.openGenerator({
      automaton: automaton.tables,
      nSequences: 8,
      nContext: 2048,
      threads: 1,
    });
    slow.close(); // the generator keeps what it needs
    const long = Array.from({ length: 8 }, (_, p) =>
      Int32Array.from({ length: 1900 }, (_, i) => 10 + ((i * 7 + p) % 200)),
    );
    return { generator, running: generator.generate(request(long, 1, 0)) };
  }

  it("ends a running pass with E_ABORTED, and the generator goes on working", async () => {
    const { generator, running } = await busy();
    setTimeout(() => generator.abort(), 100);
    await expect(running).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(await rowsOf(generator, request(prompts(2), 1, 0))).toHaveLength(2);
    generator.close();
  });

  it("ends a pass that still waits", async () => {
    const { generator, running } = await busy();
    const waiting = generator.generate(request(prompts(2), 1, 0));
    generator.abort();
    const ends = await Promise.allSettled([running, waiting]);
    for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "E_ABORTED" } });
    generator.close();
  });

  it("may be closed while busy, and twice", async () => {
    const { generator, running } = await busy();
    generator.close();
    generator.close();
    await expect(running).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(() => generator.generate(request(prompts(1), 1, 0))).toThrow("the generator is closed");
    generator.abort();
  });

  it("refuses a closed model", async () => {
    const closed = await loadAddon().openModel({ path: basePath });
    closed.close();
    closed.close();
    expect(() => closed.info()).toThrow("the model is closed");
  });
});

describe("wrong requests", () => {
  let generator: GeneratorHandle;
  beforeAll(async () => {
    generator = await open(4);
  });
  afterAll(() => generator.close());

  it.each<[string, Partial<GenerateOptions>, RegExp]>([
    ["more rows than sequences", { rowsPerPrompt: 5 }, /at most 4 rows/],
    ["a seed too few", { seeds: BigUint64Array.of(1n) }, /one seed a row for `seeds`, 2,/],
    ["a negative temperature", { temperature: -1 }, /`temperature`/],
    [
      "an empty prompt",
      { promptOffsets: Int32Array.of(0, 0, 1), prompts: Int32Array.of(5) },
      /at least one token/,
    ],
    [
      "an unknown token",
      { prompts: Int32Array.of(5, 99999), promptOffsets: Int32Array.of(0, 1, 2) },
      /99999/,
    ],
    [
      "a prompt beyond the context",
      { prompts: new Int32Array(400), promptOffsets: Int32Array.of(0, 200, 400) },
      /at most 200 tokens in prompt and row \(`nContext`\) but prompt 0 has 200/,
    ],
  ])("refuses %s", async (_, change, message) => {
    await expect(generator.generate({ ...request(prompts(2), 1, 0), ...change })).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(message),
    });
  });

  it("refuses tables that are no automaton", async () => {
    const cyclic = { ...automaton.tables, edgeNext: new Int32Array(automaton.tables.edgeNext.length) };
    const opening = model.openGenerator({ automaton: cyclic, nSequences: 1, nContext: 100, threads: 1 });
    await expect(opening).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(/cycles/),
    });
  });

  it("refuses a context that the base model does not know", async () => {
    const opening = model.openGenerator({
      automaton: automaton.tables,
      nSequences: 1,
      nContext: 4000,
      threads: 1,
    });
    await expect(opening).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(/4000 tokens.*2048/),
    });
  });
});

it("stops at logits that are no numbers", async () => {
  // The last bytes are those of the last matrix of the last layer.
  const damaged = tinyGguf();
  for (let i = damaged.length - 4000; i < damaged.length; i += 4) damaged.writeFloatLE(NaN, i);
  const path = join(folder, "nan.gguf");
  writeFileSync(path, damaged);
  const broken = await loadAddon().openModel({ path });
  const generator = await open(1, automaton, broken);
  await expect(generator.generate(request(prompts(1), 1, 0))).rejects.toMatchObject({
    code: "E_MODEL",
    message: expect.stringMatching(/not a number/),
  });
  generator.close();
  broken.close();
});
