import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mergeAdapter, type MergeType } from "../../src/model/merge";
import { readGguf } from "../../src/model/gguf";
import { loadAddon } from "../../src/native/load";
import { harmonic } from "../support/cli";
import { writeFullAdapter } from "../support/full-adapter";
import { ggufBytes } from "../support/gguf-writer";
import { largestDifference, logProbabilities } from "../support/model";
import { temporaryFolder } from "../support/temporary";
import { writeTinyAdapter } from "../support/tiny-adapter";
import { tinyGgufParts, writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const ids = Int32Array.from({ length: 60 }, (_, i) => 5 + ((i * 37) % 300));
// Rows of 256, so that every type's blocks fit.
const WIDE = { nEmbedding: 256, nFeedForward: 512, nLayers: 1 };
const base = join(folder, "base.gguf");
const adapter = join(folder, "adapter.gguf");
let count = 0;
const fresh = (): string => join(folder, `merged-${count++}.gguf`);

beforeAll(() => {
  writeTinyGguf(base, WIDE);
  writeFullAdapter(adapter, WIDE, { size: 0.25 });
});

/** Mean of the differences: the largest is of the least likely tokens, which few bits hit most. */
const meanDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, i) => sum + Math.abs(x - b[i]!), 0) / a.length;

describe("a merged model", () => {
  it("has the log-probabilities of base and adapter within 1e-3", async () => {
    const out = fresh();
    const result = await mergeAdapter({ base, adapter, out });
    expect(result).toMatchObject({ out, nMerged: 7, conversions: [{ from: "f32", to: "f32" }] });
    expect(readFileSync(out).length).toBe(result.size);
    const expected = await logProbabilities(ids, base, adapter);
    expect(largestDifference(expected, await logProbabilities(ids, out))).toBeLessThan(1e-3);
    expect(meanDifference(expected, await logProbabilities(ids, base))).toBeGreaterThan(1.5);
  });

  // What so few bits cost random weights; without the adapter the mean difference is 1.7.
  it.each<[MergeType, number, string]>([
    ["f16", 0.01, "F16"],
    ["bf16", 0.04, "BF16"],
    ["q8_0", 0.1, "Q8_0"],
    ["q6_k", 0.25, "Q6_K"],
    ["q5_k", 0.4, "Q5_K - Small"],
    ["q5_1", 0.4, "Q5_1"],
    ["q5_0", 0.45, "Q5_0"],
    ["q4_k", 0.7, "Q4_K - Small"],
    ["q4_1", 0.8, "Q4_1"],
    ["q4_0", 0.8, "Q4_0"],
    ["q3_k", 1.2, "Q3_K - Small"],
    ["q2_k", 1.5, "Q2_K - Medium"],
  ])("of type %s differs from them by at most %f on average", async (type, tolerance, fileType) => {
    const out = fresh();
    await mergeAdapter({ base, adapter, out, type });
    const expected = await logProbabilities(ids, base, adapter);
    const difference = meanDifference(expected, await logProbabilities(ids, out));
    expect(difference).toBeLessThan(tolerance);
    const model = await loadAddon().openModel({ path: out, vocabularyOnly: true });
    expect(model.info().fileType).toBe(fileType);
    model.close();
  });

  it("keeps the types of a quantised base, and its metadata", async () => {
    const zero = join(folder, "zero.gguf");
    writeFullAdapter(zero, WIDE, { size: 0 });
    const quantised = fresh();
    await mergeAdapter({ base, adapter: zero, out: quantised, type: "q8_0" });
    const out = fresh();
    const { conversions } = await mergeAdapter({ base: quantised, adapter, out });
    expect(conversions.map(({ from, to }) => [from, to]).sort()).toEqual([
      ["f32", "f32"],
      ["q8_0", "q8_0"],
    ]);
    const expected = await logProbabilities(ids, quantised, adapter);
    expect(meanDifference(expected, await logProbabilities(ids, out))).toBeLessThan(0.1);
    const info = async (path: string) => {
      const model = await loadAddon().openModel({ path, vocabularyOnly: true });
      const { name, nVocabulary, vocabularyType, fileType, nParameters } = model.info();
      model.close();
      return { name, nVocabulary, vocabularyType, fileType, nParameters };
    };
    expect(await info(out)).toEqual(await info(quantised));
  });

  it("falls back to a type that the rows' length allows, and says so", async () => {
    const narrow = join(folder, "narrow.gguf");
    const narrowAdapter = join(folder, "narrow-adapter.gguf");
    writeTinyGguf(narrow);
    writeFullAdapter(narrowAdapter);
    const { conversions } = await mergeAdapter({
      base: narrow,
      adapter: narrowAdapter,
      out: fresh(),
      type: "q4_k",
    });
    // As llama.cpp's quantiser: Q5_0 for Q4_K, and Q8_0 for the output, which would have six bits.
    expect(conversions).toContainEqual({ from: "f32", to: "q5_0", nTensors: 14 });
    expect(conversions).toContainEqual({ from: "f32", to: "q8_0", nTensors: 1 });
  });

  it("keeps every other tensor and all metadata as they are, whatever their alignment", async () => {
    const { metadata, tensors } = tinyGgufParts();
    const aligned = join(folder, "aligned.gguf");
    writeFileSync(
      aligned,
      ggufBytes({ ...metadata, "custom.note": { type: "string", value: "é" } }, tensors),
    );
    const small = join(folder, "small.gguf");
    writeTinyAdapter(small);
    const out = fresh();
    await mergeAdapter({ base: aligned, adapter: small, out });
    const [before, after] = [await readGguf(aligned), await readGguf(out)];
    expect([...after.metadata]).toEqual([...before.metadata]);
    expect(after.tensors.map(({ name }) => name)).toEqual(before.tensors.map(({ name }) => name));
    const changed = after.tensors.filter(
      ({ data }, i) => !Buffer.from(data.buffer).equals(Buffer.from(before.tensors[i]!.data.buffer)),
    );
    expect(changed.map(({ name }) => name).sort()).toEqual([
      "blk.0.attn_q.weight",
      "blk.0.attn_v.weight",
      "blk.1.ffn_down.weight",
    ]);
  });

  it("gives the same bytes for any number of threads", async () => {
    const [one, many] = [fresh(), fresh()];
    await mergeAdapter({ base, adapter, out: one, type: "q4_0", threads: 1 });
    await mergeAdapter({ base, adapter, out: many, type: "q4_0", threads: 3 });
    expect(readFileSync(one).equals(readFileSync(many))).toBe(true);
  });

  it("merges an adapter of the embedding into an untied base", async () => {
    const untied = join(folder, "untied.gguf");
    writeTinyGguf(untied, { tied: false });
    const { metadata } = await readGguf(untied);
    const n = (metadata.get("tokenizer.ggml.tokens") as string[]).length;
    const path = join(folder, "embedding.gguf");
    const fill = (size: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(i) / 4);
    writeTinyAdapter(path, {
      targets: {},
      others: [
        { name: "token_embd.weight.lora_a", shape: [4, n], data: fill(4 * n) },
        { name: "token_embd.weight.lora_b", shape: [4, 64], data: fill(4 * 64) },
      ],
    });
    const out = fresh();
    await mergeAdapter({ base: untied, adapter: path, out });
    const expected = await logProbabilities(ids, untied, path);
    expect(largestDifference(expected, await logProbabilities(ids, out))).toBeLessThan(0.05);
    expect(meanDifference(expected, await logProbabilities(ids, untied))).toBeGreaterThan(0.1);
  });
});

describe("harmonic model merge", () => {
  it("says what it merged, and leaves the file alone in its folder", async () => {
    const out = fresh();
    const { code, stdout } = await harmonic([
      "model",
      "merge",
      base,
      adapter,
      "--out",
      out,
      "--type",
      "q8_0",
    ]);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^7 matrices merged; tensors: 8 f32 as q8_0, 3 f32\n/);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
  });

  it.each<[string, string[], RegExp]>([
    ["an unknown type", ["--type", "q9_9", "--out", fresh()], /one of "f32".*for `type`.*"q9_9"/],
    ["no --out", [], /expected a path for `out`/],
    ["to write over the base", ["--out", base], /expected another file than .*base\.gguf for `out`/],
  ])("refuses %s", async (_name, more, message) => {
    const result = await harmonic(["model", "merge", base, adapter, ...more]);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string });
  });

  it.each<[string, () => [string, string], RegExp]>([
    [
      "an adapter of another base",
      () => {
        const path = join(folder, "other.gguf");
        writeFullAdapter(path);
        return [base, path];
      },
      /was made for another base model/,
    ],
    [
      "an adapter of another architecture",
      () => {
        const path = join(folder, "qwen.gguf");
        writeFullAdapter(path, { ...WIDE, architecture: "qwen2" });
        return [base, path];
      },
      /expected the architecture "llama" but it has "qwen2"/,
    ],
    [
      "a model in place of the adapter",
      () => [base, base],
      /to be a LoRA adapter but it is another kind of GGUF/,
    ],
    ["an adapter in place of the base", () => [adapter, adapter], /to be a model but it is an adapter/],
    ["a missing adapter", () => [base, join(folder, "none.gguf")], /none\.gguf does not exist/],
    [
      "a folder without an adapter",
      () => {
        const path = join(folder, "empty");
        mkdirSync(path);
        return [base, path];
      },
      /holds no adapter: expected adapter_config\.json \(PEFT\) or adapter\.gguf/,
    ],
    [
      "an adapter with values that are no numbers",
      () => {
        const path = join(folder, "nan.gguf");
        writeFullAdapter(path, WIDE, { size: NaN });
        return [base, path];
      },
      /blk\.0\.attn_q\.weight has values that are no finite numbers/,
    ],
  ])("refuses %s, and writes nothing", async (_name, files, message) => {
    const out = fresh();
    const { code, stderr } = await harmonic(["model", "merge", ...files(), "--out", out, "--quiet"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) as string });
    expect(existsSync(out)).toBe(false);
  });

  it("ends at once when interrupted, and writes nothing", async () => {
    const out = fresh();
    const controller = new AbortController();
    const merging = mergeAdapter({
      ...{ base, adapter, out },
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(merging).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(existsSync(out)).toBe(false);
  });
});

describe("the merger", () => {
  it("may be closed while busy and twice, and is of no use after", async () => {
    const merger = await loadAddon().openMerger({ base, adapter, out: fresh(), threads: 1 });
    const { size } = merger.plan();
    const running = merger.step();
    merger.close();
    merger.close();
    expect(await running).toBeLessThan(size);
    expect(() => merger.plan()).toThrow("closed");
  });

  it("says which types there are where one is unknown", async () => {
    const wrong = { base, adapter, out: fresh(), threads: 1, type: "q9_9" };
    await expect(loadAddon().openMerger(wrong)).rejects.toMatchObject({
      code: "E_USAGE",
      hint: expect.stringMatching(/^choose one of: f32, f16, bf16, q8_0/) as string,
    });
  });

  it("refuses a file that it cannot write", async () => {
    const wrong = { base, adapter, out: join(folder, "none", "out.gguf"), threads: 1 };
    await expect(loadAddon().openMerger(wrong)).rejects.toMatchObject({ code: "E_IO" });
  });
});
