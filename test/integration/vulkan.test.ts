import { join } from "node:path";
import { openBackend } from "../../src/devices/backend";
import { findBackend } from "../../src/devices/backend-file";
import type { TrainBatch } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { findNeighbors } from "../../src/neighbors/find";
import { Sampler, type SamplerOptions } from "../../src/sample/sampler";
import { allSmallRows, smallSchema } from "../support/tables";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { nextTokenBatch, tinyTrainer } from "../support/tiny-training";
import { gradientsOf, randomizeAdapter } from "../support/trainer-state";

const device = findBackend("vulkan") ? openBackend("vulkan").devices[0]?.name : undefined;
if (device === undefined) console.warn("skipped: no Vulkan backend or device; see docs/devices.md");
const onDevice = device === undefined ? describe.skip : describe;

const folder = temporaryFolder();
const addon = loadAddon();
const tokens = Int32Array.from({ length: 40 }, (_, i) => (i * i * 7 + 3 * i) % 250);

/** Two groups one behind the other. */
function packedBatch(): TrainBatch {
  const whole = nextTokenBatch(tokens);
  const kept = Array.from(whole.lossPositions).filter((position) => position !== 14);
  const at = (values: Int32Array) => Int32Array.from(kept, (position) => values[position]!);
  return {
    ...whole,
    groupOffsets: Int32Array.of(0, 15, tokens.length),
    lossPositions: Int32Array.from(kept),
    labels: at(whole.labels),
    sets: new Int32Array(kept.length),
    weights: new Float32Array(kept.length).fill(1 / kept.length),
  };
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

onDevice.each(["llama", "qwen2", "qwen3"])("a %s model on a device", (architecture) => {
  const base = join(folder, `${architecture}.gguf`);
  beforeAll(() => writeTinyGguf(base, { architecture }));

  it("gives the likelihoods of the processor", async () => {
    const [here, there] = await Promise.all(
      [{}, { device: device! }].map(async (place) => {
        const model = await addon.openModel({ path: base, ...place });
        const logs = new Float32Array(await model.logProbabilities(tokens));
        model.close();
        return logs;
      }),
    );
    // keys and values are kept in 16 bits on both
    const worst = here!.reduce((max, log, i) => Math.max(max, Math.abs(log - there![i]!)), 0);
    expect(worst).toBeLessThan(1e-2);
  });

  it.each([{}, { recompute: true }, { targets: ["k", "down"] as ("k" | "down")[] }])(
    "gives the losses and gradients of the processor (%j)",
    async (changes) => {
      const results = [];
      for (const place of [{}, { device: device! }]) {
        const trainer = await addon.openTrainer(tinyTrainer(base, { ...changes, ...place }));
        expect(trainer.onCpu()).toEqual("device" in place ? ["the loss"] : []);
        await randomizeAdapter(trainer, join(folder, "adapter.gguf"));
        results.push(await gradientsOf(trainer, packedBatch(), folder));
        trainer.close();
      }
      const [here, there] = results;
      expect(Math.abs(there!.loss - here!.loss)).toBeLessThan(1e-4);
      for (const [i, { name, values }] of here!.gradients.entries()) {
        const difference = values.map((value, j) => value - there!.gradients[i]!.values[j]!);
        expect({ name, error: norm(difference) / norm(values) < 1e-4 }).toEqual({ name, error: true });
      }
    },
  );
});

onDevice("rows from a device", () => {
  const base = join(folder, "base.gguf");
  const columns = allSmallRows();
  beforeAll(() => writeTinyGguf(base));

  async function draw(settings: Partial<SamplerOptions["settings"]>): Promise<string[]> {
    const sampler = await Sampler.open({
      ...{ schema: smallSchema, columns, format: "compact", description: "", k: 3, base },
      neighbors: await findNeighbors(columns, smallSchema, { k: 3 }),
      settings: { nSequences: 16, threads: 1, seed: 5, allowCopies: true, ...settings },
    });
    const drawn = (await sampler.group(0, 64)).columns;
    sampler.close();
    const cells = drawn.map((column) =>
      Array.from(column.kind === "category" ? column.codes : "scaled" in column ? column.scaled : []),
    );
    return Array.from({ length: 64 }, (_, i) => JSON.stringify(cells.map((column) => column[i])));
  }

  it("are those of the processor, but where rounding decides, and the same again", async () => {
    const here = await draw({ device: "cpu", engine: "llama" });
    const there = await draw({ device: "vulkan" });
    expect(there).toEqual(await draw({ device: "vulkan" }));
    expect(there.filter((row, i) => row === here[i]).length).toBeGreaterThan(0.9 * here.length);
  });

  it("are not drawn by an engine that computes on the processor", async () => {
    await expect(draw({ device: "vulkan", engine: "graph" })).rejects.toMatchObject({ code: "E_USAGE" });
  });
});
