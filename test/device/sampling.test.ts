import { join } from "node:path";
import { mergeAdapter } from "../../src/model/merge";
import { newModel } from "../../src/model/new";
import { openBackend } from "../../src/devices/backend";
import type { GpuKind } from "../../src/devices/kinds";
import { loadAddon } from "../../src/native/load";
import { findNeighbors } from "../../src/neighbors/find";
import { Sampler, type SamplerOptions } from "../../src/sample/sampler";
import { cellTable, hostileTable, rowValues } from "../support/cells";
import { writeFullAdapter } from "../support/full-adapter";
import { allSmallRows, smallSchema } from "../support/small-table";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

/** As in device.test.ts. */
const kind = (process.env.HARMONIC_TEST_DEVICE ?? "vulkan") as GpuKind;
process.env.HARMONIC_BACKENDS_DIR ??= join(__dirname, "../../third_party/backends");
const device = openBackend(kind).devices[0]?.name;
const onDevice = device === undefined ? describe.skip : describe;

const folder = temporaryFolder();
const N = 32;

/** The first rows that a sampler draws with the engine device, each as JSON. */
async function draw(
  options: Omit<SamplerOptions, "settings">,
  settings: SamplerOptions["settings"],
): Promise<string[]> {
  const sampler = await Sampler.open({
    ...options,
    settings: { engine: "device", threads: 1, seed: 5, allowCopies: true, ...settings },
  });
  // Nothing is left to the processor.
  expect(sampler.plan.warnings).toEqual([]);
  const { columns } = await sampler.group(0, N);
  sampler.close();
  return Array.from({ length: N }, (_, i) => JSON.stringify(rowValues(columns, i)));
}

/** Draws here and there, twice: rows differ only where rounding decides. */
async function expectAlike(
  options: Omit<SamplerOptions, "settings">,
  settings: SamplerOptions["settings"] = {},
  least = 0.9,
): Promise<void> {
  const here = await draw(options, { ...settings, device: "cpu" });
  const there = await draw(options, { ...settings, device: kind });
  expect(there).toEqual(await draw(options, { ...settings, device: kind }));
  expect(there.filter((row, i) => row === here[i]).length).toBeGreaterThan(least * N);
}

onDevice("rows by the engine device are those of the same graphs on the processor", () => {
  // In 16 bits attention is the backend's fused one.
  it.each([
    ["llama", "f32"],
    ["qwen2", "f32"],
    ["qwen3", "f32"],
    ["llama", "bf16"],
    ["qwen3", "bf16"],
  ] as const)("of a %s model in %s", async (architecture, type) => {
    const base = join(folder, `${architecture}-${type}.gguf`);
    const [whole, none] = [join(folder, "whole.gguf"), join(folder, "none.gguf")];
    writeTinyGguf(whole, { architecture });
    writeFullAdapter(none, { architecture }, { size: 0 });
    await mergeAdapter({ base: whole, adapter: none, out: base, type });
    const columns = allSmallRows();
    const neighbors = await findNeighbors(columns, smallSchema, { k: 3 });
    const table = { schema: smallSchema, columns, format: "compact", description: "", k: 3 } as const;
    await expectAlike({ ...table, base, neighbors }, { nSequences: 16 }, type === "f32" ? 0.9 : 0.7);
  });

  it("of a table's model", async () => {
    const { schema, columns, language } = cellTable(hostileTable(300));
    const base = join(folder, "table.gguf");
    const shape = { nLayers: 1, nEmbedding: 16, nHeads: 2, nContext: 512, tied: false };
    await newModel({ out: base, ...shape, nVocabulary: language.size, seed: 1 });
    const table = { schema, columns, cells: language, format: "compact", description: "", k: 0 } as const;
    await expectAlike({ ...table, base }, { prompt: "none" });
  });

  it("is what a device is sampled by where the architecture allows", async () => {
    const [known, other] = [join(folder, "known.gguf"), join(folder, "other.gguf")];
    writeTinyGguf(known);
    writeTinyGguf(other, { architecture: "internlm2", tied: false });
    for (const [path, engine] of [
      [known, "device"],
      [other, "llama"],
    ] as const) {
      const model = await loadAddon().openModel({ path, engine: "auto", device: device! });
      expect(model.info().engine).toBe(engine);
      model.close();
    }
  });
});
