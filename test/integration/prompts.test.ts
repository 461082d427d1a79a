import { join } from "node:path";
import { rowFormat } from "../../src/instruct/formats";
import { rowWriter } from "../../src/instruct/row";
import { Tokenizer } from "../../src/model/tokenizer";
import type { ModelHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { findNeighbors } from "../../src/neighbors/find";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { PromptSource, type PromptSourceOptions } from "../../src/sample/prompts";
import { allSmallRows, smallSchema } from "../support/small-table";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const columns = allSmallRows();
const n = 240;
const k = 3;
let model: ModelHandle;
let neighbors: Int32Array;

beforeAll(async () => {
  const path = join(folder, "base.gguf");
  writeTinyGguf(path);
  model = await loadAddon().openModel({ path, vocabularyOnly: true });
  neighbors = await findNeighbors(columns, smallSchema, { k });
});
afterAll(() => model.close());

function source(change: Partial<PromptSourceOptions> = {}, format = "compact"): PromptSource {
  const automaton = new RowAutomaton(smallSchema, new TextLanguage(rowFormat(format), new Tokenizer(model)));
  const given = { ids: neighbors, width: k };
  return new PromptSource(automaton, {
    ...{ columns, description: "people", k, neighbors: given, prompt: "anchor", seed: 1 },
    ...change,
  });
}

describe("PromptSource", () => {
  it("takes every row as anchor once in each pass, in another order each", () => {
    const prompts = source();
    const groupOf = new Map<string, number>();
    for (let i = 0; i < n; i++) {
      const key = neighbors.subarray(i * k, (i + 1) * k).join();
      groupOf.set(key, (groupOf.get(key) ?? 0) + 1);
    }
    const pass = (from: number) => Array.from({ length: n }, (_, p) => prompts.examples(from + p).join());
    const counts = (keys: string[]) =>
      keys.reduce((map, key) => map.set(key, (map.get(key) ?? 0) + 1), new Map<string, number>());
    const sorted = (map: Map<string, number>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(counts(pass(0)))).toEqual(sorted(groupOf));
    expect(sorted(counts(pass(n)))).toEqual(sorted(groupOf));
    expect(pass(0)).not.toEqual(pass(n));
    expect(source().examples(n + 7)).toEqual(prompts.examples(n + 7));
    expect(source({ seed: 2 }).examples(0)).not.toEqual(prompts.examples(0));
  });

  it("draws distinct random rows where asked to", () => {
    const prompts = source({ prompt: "random" });
    for (let p = 0; p < 50; p++) expect(new Set(prompts.examples(p)).size).toBe(k);
    expect(prompts.examples(0)).not.toEqual(prompts.examples(1));
  });

  it("writes the prompt as it is trained on", () => {
    const prompts = source({}, "dict");
    const text = model.detokenize(prompts.prompt(0));
    const row = rowWriter(smallSchema, rowFormat("dict"), columns);
    expect(text).toMatch(/^Human: \nHere are 3 tabular data about people/);
    for (const id of prompts.examples(0)) expect(text).toContain(row(id));
    expect(text).toMatch(/\n\nAssistant: \n$/);
    expect(model.detokenize(source({ prompt: "none" }).prompt(0))).toBe(
      "Table: people\nColumns: sex|age|change|note|unit\n",
    );
  });

  it("bounds the length of its prompts", () => {
    for (const prompt of ["anchor", "none"] as const) {
      const prompts = source({ prompt });
      const lengths = Array.from({ length: n }, (_, p) => prompts.prompt(p).length);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(prompts.longestPrompt());
    }
  });
});
