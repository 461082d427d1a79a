import { join } from "node:path";
import type { CellOptions } from "../../src/cells/plan-cells";
import { newModel } from "../../src/model/new";
import { contains, fullDomain } from "../../src/rules/domain";
import { Sampler } from "../../src/sample/sampler";
import { inOrderOf } from "../../src/instruct/order";
import { cellTable, hostileTable, rowValues } from "../support/cells";
import { temporaryFolder } from "../support/temporary";

const folder = temporaryFolder();
const N = 600;
const DRAWN = 250;
const table = hostileTable(N);

describe.each<CellOptions>([{ numbers: "bins" }, { numbers: "digits" }, {}])(
  "rows that a model of random weights draws in cells of %o",
  (options) => {
    const { schema, columns, language, automaton } = cellTable(table, options);
    const base = join(folder, `${options.numbers}.gguf`);
    beforeAll(async () => {
      const shape = { nLayers: 1, nEmbedding: 16, nHeads: 2, nContext: 512, tied: false };
      await newModel({ out: base, ...shape, nVocabulary: language.size, seed: 1 });
    });

    it.each(["llama", "dense", "device"] as const)("are valid with the engine %s", async (engine) => {
      const sampler = await Sampler.open({
        ...{ schema, columns, cells: language, base, format: "compact", description: "", k: 0 },
        settings: { engine, seed: 3, threads: 1, prompt: "none", allowCopies: true },
      });
      const drawn = await sampler.group(0, DRAWN);
      sampler.close();
      const ordered = inOrderOf(schema, drawn.columns);
      const domains = schema.fields.map((field) => fullDomain(field));
      for (let i = 0; i < DRAWN; i++) {
        expect(() => automaton.encodeRow(ordered, i)).not.toThrow();
        rowValues(ordered, i).forEach((value, f) => expect(contains(domains[f]!, value)).toBe(true));
      }
      const values = (from: typeof ordered, n: number, f: number): Set<number | undefined> =>
        new Set(Array.from({ length: n }, (_, i) => rowValues(from, i)[f]));
      schema.fields.forEach(({ name }, f) => {
        const [real, made] = [values(columns, N, f), values(ordered, DRAWN, f)];
        if (options.numbers === "bins") for (const value of made) expect(real).toContain(value);
        // Random weights hardly prefer any token: each of a few values comes up.
        if (real.size <= 8) expect([name, made]).toEqual([name, real]);
        else expect(made.size).toBeGreaterThan(8);
      });
    });

    it("satisfy a condition on every kind of column", async () => {
      const where = '"negative decimals" > 10 and hundreds < 20000 and days >= 2000-02-28 and heaped != 0';
      const sampler = await Sampler.open({
        ...{ schema, columns, cells: language, base, format: "compact", description: "", k: 0 },
        settings: { engine: "llama", seed: 3, threads: 1, prompt: "none", allowCopies: true },
        ...{ conditions: { where }, permuted: true },
      });
      const drawn = inOrderOf(schema, (await sampler.group(0, 100)).columns);
      sampler.close();
      const of = (name: string): number => schema.fields.findIndex((field) => field.name === name);
      for (let i = 0; i < 100; i++) {
        const row = rowValues(drawn, i);
        expect(row[of("negative decimals")]).toBeGreaterThan(1000);
        expect(row[of("hundreds")]).toBeLessThan(20_000);
        expect(row[of("days")]).toBeGreaterThanOrEqual(20000228);
        expect(row[of("heaped")]).not.toBe(0);
      }
    });
  },
);
