import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isSoftware, openBackend } from "../../src/devices/backend";
import type { GpuKind } from "../../src/devices/kinds";
import type { TrainBatch, TrainerHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import type { SamplerOptions } from "../../src/sample/sampler";
import { harmonic } from "../support/cli";
import { drawSmallRows } from "../support/draw-small-rows";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { ADAMW, nextTokenBatch, tinyTrainer } from "../support/tiny-training";
import { gradientsOf, randomizeAdapter } from "../support/trainer-state";

/** What is compared with the processor; jest runs these tests alone, where it is named: scripts/test-device.sh. */
const kind = (process.env.HARMONIC_TEST_DEVICE ?? "vulkan") as GpuKind;
/** Largest relative error of a gradient: other backends than Vulkan's may round factors of products to fewer bits. */
const TOLERANCE = kind === "vulkan" ? 1e-4 : 2e-2;
process.env.HARMONIC_BACKENDS_DIR ??= join(__dirname, "../../third_party/backends");
const found = openBackend(kind).devices[0];
const device = found?.name;
if (device === undefined) console.warn(`skipped: no ${kind} backend or device; see docs/devices.md`);
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

/** A small table, as a file. */
function writeTable(): string {
  const table = join(folder, "table.csv");
  const line = (i: number) => `${i % 9},${(i * 7) % 5},${["no", "yes"][i % 2]}`;
  writeFileSync(table, ["a,b,y", ...Array.from({ length: 40 }, (_, i) => line(i))].join("\n") + "\n");
  return table;
}

/** Only some of the matrices that share an input have a product, and the others pass by. */
const FEW = { targets: ["k", "down"] as ("k" | "down")[] };

/** Of a trainer's state. */
const weightsOf = (state: Buffer, n: number): Float32Array =>
  new Float32Array(state.buffer, state.byteOffset + 24, n);

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

  it.each(architecture === "llama" ? [{}, { recompute: true }, FEW] : [{}])(
    "gives the losses and gradients of the processor (%j)",
    async (changes) => {
      const results = [];
      for (const place of [{}, { device: device! }]) {
        const trainer = await addon.openTrainer(tinyTrainer(base, { ...changes, ...place }));
        expect(trainer.onCpu()).toEqual([]);
        await randomizeAdapter(trainer, join(folder, "adapter.gguf"));
        results.push(await gradientsOf(trainer, packedBatch(), folder));
        trainer.close();
      }
      const [here, there] = results;
      expect(Math.abs(there!.loss - here!.loss)).toBeLessThan(TOLERANCE);
      for (const [i, { name, values }] of here!.gradients.entries()) {
        const difference = values.map((value, j) => value - there!.gradients[i]!.values[j]!);
        expect({ name, error: norm(difference) / norm(values) < TOLERANCE }).toEqual({ name, error: true });
      }
    },
  );
});

// A card may well have the memory.
const onRenderer = found !== undefined && isSoftware(found) ? it : it.skip;

onDevice("an adapter on a device", () => {
  const base = join(folder, "trained.gguf");
  beforeAll(() => writeTinyGguf(base));

  it("takes the steps of the processor's, and goes on from its state byte for byte", async () => {
    const [here, there] = [
      await addon.openTrainer(tinyTrainer(base)),
      await addon.openTrainer(tinyTrainer(base, { device: device! })),
    ];
    const steps = async (trainer: TrainerHandle): Promise<Buffer> => {
      for (let i = 0; i < 3; i++) {
        await trainer.accumulate(packedBatch());
        await trainer.update({ ...ADAMW, clip: 0.1, weightDecay: 0.1 });
      }
      return Buffer.from(await trainer.state());
    };
    for (const trainer of [here, there]) await randomizeAdapter(trainer, join(folder, "adapter.gguf"));
    const begun = await there.state();
    const [a, b] = [await steps(here), await steps(there)];
    const [ours, theirs] = [a, b].map((state) => weightsOf(state, here.nParameters()));
    expect(norm(ours!.map((value, i) => value - theirs![i]!)) / norm(ours!)).toBeLessThan(10 * TOLERANCE);
    await there.setState(begun);
    expect((await steps(there)).equals(b)).toBe(true);
    here.close();
    there.close();
  });

  onRenderer("is as it was where a step is too large for the device's memory", async () => {
    const trainer = await addon.openTrainer(tinyTrainer(base, { device: device! }));
    await randomizeAdapter(trainer, join(folder, "adapter.gguf"));
    const before = Buffer.from(await trainer.state());
    const batch = nextTokenBatch(Int32Array.from({ length: 65_536 }, (_, i) => i % 250));
    await expect(trainer.accumulate(batch)).rejects.toMatchObject({
      code: "E_NATIVE",
      message: `not enough memory on the device ${device} for a training step of 65536 tokens`,
    });
    expect(Buffer.from(await trainer.state()).equals(before)).toBe(true);
    expect(new Float32Array(await trainer.accumulate(packedBatch()))).not.toContain(NaN);
    expect(await trainer.update(ADAMW)).toBeGreaterThan(0);
    trainer.close();
  });
});

onDevice("rows from a device", () => {
  const base = join(folder, "base.gguf");
  beforeAll(() => writeTinyGguf(base));

  const draw = (settings: Partial<SamplerOptions["settings"]>): Promise<string[]> =>
    drawSmallRows(base, 16, settings);

  it("are those of the processor, but where rounding decides, and the same again", async () => {
    const here = await draw({ device: "cpu", engine: "llama" });
    const settings = { device: kind, engine: "llama" } as const;
    const there = await draw(settings);
    expect(there).toEqual(await draw(settings));
    expect(there.filter((row, i) => row === here[i]).length).toBeGreaterThan(0.7 * here.length);
  });

  it("are drawn by graphs of our own, which compute there what they do on the processor", async () => {
    const model = await addon.openModel({ path: base, device: device!, engine: "auto" });
    expect(model.info()).toMatchObject({ engine: "device", obstacle: "" });
    model.close();
  });

  it("are those of the processor by graphs of our own too, prompts of many lengths one after another", async () => {
    const settings = { engine: "device", rowsPerPrompt: 1 } as const;
    const here = await draw({ ...settings, device: "cpu" });
    const there = await draw({ ...settings, device: kind });
    expect(there).toEqual(await draw({ ...settings, device: kind }));
    expect(there.filter((row, i) => row === here[i]).length).toBeGreaterThan(0.7 * here.length);
  });

  onRenderer("ask for no more memory than there is", async () => {
    const long = join(folder, "long.gguf");
    writeTinyGguf(long, { nContext: 4_000_000 });
    const model = await addon.openModel({ path: long, device: device! });
    const one = Int32Array.of(0);
    const automaton = {
      ...{ edgeOffsets: Int32Array.of(0, 1, 1), edgeTokens: Int32Array.of(5), edgeNext: Int32Array.of(1) },
      ...{ edgeColumns: one, edgeActions: one, columnKinds: one },
    };
    const open = (nContext: number) =>
      model.openGenerator({ automaton, nSequences: 64, nContext, threads: 1 });
    await expect(open(1_000_000)).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(/^llama\.cpp cannot make a context of .* buffer/) as string,
    });
    (await open(500)).close();
    model.close();
  });

  it("are not drawn by an engine that computes on the processor", async () => {
    await expect(draw({ device: kind, engine: "graph" })).rejects.toMatchObject({ code: "E_USAGE" });
  });
});

onDevice("harmonic on a device", () => {
  it("trains and draws there, and leaves nothing to the CPU", async () => {
    const base = join(folder, "cli.gguf");
    writeTinyGguf(base);
    const out = join(folder, "run");
    const settings = "--k 2 --rows 8 --n-sequences 8 --epochs 0.1 --weights f32 --allow-copies --dlt 0";
    const files = ["run", writeTable(), "--out", out, "--target", "y", "--base", base];
    const argv = [...files, "--device", kind, ...settings.split(" ")];
    const { code, stderr } = await harmonic(argv);
    expect(stderr).toMatch(new RegExp(`^device: ${kind}, .+ \\(${device}\\)`));
    expect(stderr).toMatch(/^train: .* parameters, up to /m);
    expect(stderr).not.toMatch(/on the CPU/);
    expect(code).toBe(0);
    const rows = readFileSync(join(out, "synthetic.csv"), "utf8").trim().split("\n");
    expect(rows).toHaveLength(9);
    for (const row of rows.slice(1)) expect(row).toMatch(/^[0-8],[0-4],(no|yes)$/);
  });

  it("draws rows of a table model there", async () => {
    const run = join(folder, "table-run");
    const trained = ["--base", "table", "--layers", "2", "--width", "32", "--epochs", "5", "--allow-copies"];
    await harmonic(["run", writeTable(), "--out", run, "--target", "y", "--rows", "8", ...trained]);
    const draw = async (place: string): Promise<string[]> => {
      const out = join(folder, `${place}.csv`);
      const settings = ["--rows", "200", "--seed", "3", "--engine", "device", "--allow-copies"];
      const { code, stderr } = await harmonic(["sample", run, "--out", out, ...settings, "--device", place]);
      expect([code, stderr]).toEqual([0, expect.stringContaining("sample: 200 of 200 rows")]);
      return readFileSync(out, "utf8").trim().split("\n");
    };
    const here = await draw("cpu");
    const there = await draw(kind);
    expect(there).toHaveLength(201);
    expect(there.filter((row, i) => row === here[i]).length).toBeGreaterThan(190);
  });
});
