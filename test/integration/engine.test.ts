import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAddon } from "../../src/native/load";
import type { SamplerOptions } from "../../src/sample/sampler";
import { drawSmallRows } from "../support/draw-small-rows";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const other = join(folder, "other.gguf");
const cpu = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
/** Only processors with fast 8-bit products have our graph. */
const whereFast = /\bavx512_vnni\b|\bavx_vnni\b/.test(cpu) ? it : it.skip;

beforeAll(() => {
  writeTinyGguf(base);
  writeTinyGguf(other, { architecture: "internlm2", tied: false });
});

const draw = (settings: Partial<SamplerOptions["settings"]>): Promise<string[]> =>
  drawSmallRows(base, 32, settings);

/** Share of the rows that two drawings have in common, by place. */
const agreement = (a: string[], b: string[]): number => a.filter((row, i) => row === b[i]).length / a.length;

describe("engines", () => {
  it("a small F32 base is evaluated densely, and an architecture that is not known by llama.cpp", async () => {
    for (const [path, engine] of [
      [base, "dense"],
      [other, "llama"],
    ] as const) {
      const model = await loadAddon().openModel({ path, engine: "auto" });
      expect(model.info().engine).toBe(engine);
      model.close();
    }
  });

  it("dense draws nearly the rows that llama.cpp draws, whatever the threads", async () => {
    const [llama, dense, again] = [
      await draw({ engine: "llama" }),
      await draw({ engine: "dense" }),
      await draw({ engine: "dense", threads: 3 }),
    ];
    expect(dense).toEqual(again);
    // llama.cpp rounds keys and values to 16 bits.
    expect(agreement(dense, llama)).toBeGreaterThan(0.9);
  });

  it("the graph for devices draws nearly the rows of the dense one, whatever the threads, and shares prompts", async () => {
    const [dense, device, again] = [
      await draw({ engine: "dense" }),
      await draw({ engine: "device" }),
      await draw({ engine: "device", threads: 3 }),
    ];
    expect(device).toEqual(again);
    expect(agreement(device, dense)).toBeGreaterThan(0.95);
    expect(await draw({ engine: "device", rowsPerPrompt: 4 })).toHaveLength(32);
  });

  whereFast("the graph draws nearly the rows that llama.cpp draws, and the same again", async () => {
    const [llama, graph, again] = [
      await draw({ engine: "llama" }),
      await draw({ engine: "graph" }),
      await draw({ engine: "graph" }),
    ];
    expect(graph).toEqual(again);
    // Weights are rounded to 8 bits, so a draw near the edge between two tokens may fall on the other side.
    expect(agreement(graph, llama)).toBeGreaterThan(0.7);
    expect(agreement(graph, await draw({ engine: "graph", seed: 6 }))).toBeLessThan(0.5);
  });

  whereFast("the graph shares prompts between rows", async () => {
    expect(await draw({ engine: "graph", rowsPerPrompt: 4 })).toHaveLength(32);
  });

  it("our own are refused for an architecture that it lacks, by name", async () => {
    for (const engine of ["graph", "dense", "device"] as const) {
      await expect(loadAddon().openModel({ path: other, engine })).rejects.toMatchObject({
        code: "E_MODEL",
        message: expect.stringContaining("internlm2") as string,
      });
    }
  });
});
