import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FullTrainerHandle, TrainBatch } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { temporaryFolder } from "../support/temporary";
import { fullTrainer, TINY_SHAPE } from "../support/tiny-full";
import { writeTinyGguf } from "../support/tiny-gguf";
import { ADAMW, nextTokenBatch } from "../support/tiny-training";

const folder = temporaryFolder();
const addon = loadAddon();
const tokens = Int32Array.from({ length: 40 }, (_, i) => (i * i * 7 + 3 * i) % 250);

/** A whole model after a few steps on `tokens`, saved; with the loss of each position that the trainer computes. */
async function trainTiny(base: string, out: string, type?: string): Promise<Float32Array> {
  const trainer = await addon.openFullTrainer(fullTrainer(base, { threads: 2 }));
  for (let step = 0; step < 10; step++) {
    await trainer.accumulate(nextTokenBatch(tokens));
    await trainer.update({ ...ADAMW, learningRate: 3e-3, weightDecay: 0.01 });
  }
  const losses = new Float32Array(await trainer.evaluate(nextTokenBatch(tokens)));
  await trainer.saveModel(out, { note: "tiny" }, type);
  trainer.close();
  return losses;
}

/** Largest difference between the losses over `ids` and those of llama.cpp. */
async function differenceOf(path: string, ids: Int32Array, losses: Float32Array): Promise<number> {
  const model = await addon.openModel({ path });
  const logs = new Float32Array(await model.logProbabilities(ids));
  const { nVocabulary } = model.info();
  model.close();
  return losses.reduce(
    (max, loss, i) => Math.max(max, Math.abs(loss + logs[i * nVocabulary + ids[i + 1]!]!)),
    0,
  );
}

describe.each(["llama", "qwen2", "qwen3"])("a %s trained whole", (architecture) => {
  const base = join(folder, `${architecture}.gguf`);
  const out = join(folder, `${architecture}-trained.gguf`);
  beforeAll(() => writeTinyGguf(base, { architecture }));

  it("has learnt, and gives llama.cpp the likelihoods that the trainer computed", async () => {
    const losses = await trainTiny(base, out);
    // llama.cpp keeps keys and values in 16 bits
    expect(await differenceOf(out, tokens, losses)).toBeLessThan(5e-3);
    expect(await differenceOf(base, tokens, losses)).toBeGreaterThan(0.1);
  });

  it("keeps the tokenizer", async () => {
    const [a, b] = await Promise.all(
      [base, out].map((path) => addon.openModel({ path, vocabularyOnly: true })),
    );
    expect([...new Int32Array(b!.tokenize(["a 12"]).ids)]).toEqual([
      ...new Int32Array(a!.tokenize(["a 12"]).ids),
    ]);
    a!.close();
    b!.close();
  });

  it("is written in 8 bits on request", async () => {
    const quantised = join(folder, `${architecture}-q8.gguf`);
    const losses = await trainTiny(base, quantised, "q8_0");
    expect(await differenceOf(quantised, tokens, losses)).toBeLessThan(0.2);
    expect(readFileSync(quantised).length).toBeLessThan(0.5 * readFileSync(out).length);
  });
});

describe("a model from scratch", () => {
  const path = join(folder, "scratch.gguf");

  it("is trained and loaded by llama.cpp without a tokenizer", async () => {
    const out = join(folder, "scratch-trained.gguf");
    await addon.writeScratchModel({ ...TINY_SHAPE, path, nVocabulary: 300, seed: 1 });
    expect(await differenceOf(out, tokens, await trainTiny(path, out))).toBeLessThan(5e-3);
    const model = await addon.openModel({ path: out });
    expect(model.info()).toMatchObject({ architecture: "llama", nVocabulary: 300, nLayers: 2, bos: -1 });
    expect(() => model.tokenize(["a"])).toThrow("tokenizer");
    model.close();
  });

  it("is the same for the same seed, and another for another", async () => {
    const files = ["a", "b", "c"].map((name) => join(folder, `${name}.gguf`));
    for (const [i, seed] of [1, 1, 2].entries())
      await addon.writeScratchModel({ ...TINY_SHAPE, path: files[i]!, nVocabulary: 50, seed });
    const [a, b, c] = files.map((file) => readFileSync(file));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
  });

  it("takes the tokenizer of a base", async () => {
    const base = join(folder, "base.gguf");
    writeTinyGguf(base);
    await addon.writeScratchModel({ ...TINY_SHAPE, path, tokenizer: base, seed: 1 });
    const [a, b] = await Promise.all([base, path].map((each) => addon.openModel({ path: each })));
    expect(b!.info().nVocabulary).toBe(a!.info().nVocabulary);
    expect(b!.tokenize(["a 12"])).toEqual(a!.tokenize(["a 12"]));
    a!.close();
    b!.close();
  });

  it.each([
    [{ nHeads: 3 }, "nHeads"],
    [{ nHeadsKv: 3 }, "nHeadsKv"],
    [{ nLayers: 0 }, "nLayers"],
  ])("refuses %j", async (changes, named) => {
    const options = { ...TINY_SHAPE, path, nVocabulary: 50, seed: 1, ...changes };
    await expect(addon.writeScratchModel(options)).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining(named) as string,
    });
  });
});

describe("a model of a table's columns", () => {
  const [path, out] = [join(folder, "columns.gguf"), join(folder, "columns-trained.gguf")];
  const ids = tokens.map((token) => token % 60);
  const shuffled = { ...nextTokenBatch(ids), nextColumns: ids.map((_, i) => (i * i) % 3) };

  async function trained(): Promise<FullTrainerHandle> {
    await addon.writeScratchModel({ ...TINY_SHAPE, path, nVocabulary: 60, seed: 4 });
    const trainer = await addon.openFullTrainer(
      fullTrainer(path, {
        threads: 2,
        columns: { n: 3, next: Int32Array.from({ length: 60 }, (_, id) => (id % 4) - 1) },
        features: {
          n: 2,
          offsets: Int32Array.from({ length: 61 }, (_, id) => 2 * id),
          indices: Int32Array.from({ length: 120 }, (_, i) => i % 2),
          values: Float32Array.from({ length: 120 }, (_, i) => (i % 7) / 7),
        },
        averageDecay: 0.8,
      }),
    );
    for (let step = 0; step < 10; step++) {
      await trainer.accumulate(shuffled);
      await trainer.update(ADAMW);
    }
    await trainer.saveModel(out, {});
    return trainer;
  }

  it("is in the natural order what llama.cpp reads, and goes on in any other", async () => {
    const trainer = await trained();
    const losses = async (handle: FullTrainerHandle, batch: TrainBatch): Promise<Float32Array> =>
      new Float32Array(await handle.evaluate(batch));
    const natural = await losses(trainer, nextTokenBatch(ids));
    expect(await differenceOf(out, ids, natural)).toBeLessThan(5e-3);
    const other = await losses(trainer, shuffled);
    expect(Math.max(...other.map((loss, i) => Math.abs(loss - natural[i]!)))).toBeGreaterThan(0.1);
    const reopened = await addon.openFullTrainer(fullTrainer(out));
    const again = await losses(reopened, shuffled);
    again.forEach((loss, i) => expect(loss).toBeCloseTo(other[i]!, 4));
    trainer.close();
    reopened.close();
  });

  it("needs an output matrix of its own", async () => {
    await addon.writeScratchModel({ ...TINY_SHAPE, tied: true, path, nVocabulary: 60, seed: 4 });
    const columns = { n: 1, next: new Int32Array(60) };
    await expect(addon.openFullTrainer(fullTrainer(path, { columns }))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("output matrix") as string,
    });
  });
});

describe("full training", () => {
  const base = join(folder, "tiny.gguf");
  beforeAll(() => writeTinyGguf(base));

  it("refuses a batch whose labels, groups or targets are wrong, and goes on", async () => {
    const trainer = await addon.openFullTrainer(fullTrainer(base));
    const batch = nextTokenBatch(tokens);
    const targets = { offsets: Int32Array.of(0, 1), labels: Int32Array.of(1), shares: Float32Array.of(1) };
    for (const wrong of [
      { labels: batch.labels.map(() => -1) },
      { groupOffsets: Int32Array.of(0, 3) },
      { lossPositions: batch.lossPositions.slice().reverse() },
      { targets },
    ]) {
      await expect(trainer.accumulate({ ...batch, ...wrong })).rejects.toMatchObject({ code: "E_USAGE" });
    }
    expect((await trainer.evaluate(batch)).byteLength).toBe(4 * (tokens.length - 1));
    trainer.close();
  });

  it("draws dropout from the seeds of the batch, in training passes alone", async () => {
    const trainer = await addon.openFullTrainer(fullTrainer(base, { dropout: 0.3 }));
    const batch = (seed: bigint) => ({ ...nextTokenBatch(tokens), dropoutSeeds: BigUint64Array.of(seed) });
    const pass = async (seed: bigint) => [...new Float32Array(await trainer.accumulate(batch(seed)))];
    const first = await pass(1n);
    expect(await pass(1n)).toEqual(first);
    expect(await pass(2n)).not.toEqual(first);
    expect([...new Float32Array(await trainer.evaluate(nextTokenBatch(tokens)))]).not.toEqual(first);
    await expect(trainer.accumulate(nextTokenBatch(tokens))).rejects.toMatchObject({ code: "E_USAGE" });
    trainer.close();
  });

  it("ends a running pass when aborted", async () => {
    const trainer = await addon.openFullTrainer(fullTrainer(base));
    const long = Int32Array.from({ length: 12000 }, (_, i) => tokens[i % tokens.length]!);
    const running = trainer.accumulate(nextTokenBatch(long));
    trainer.abort();
    trainer.close();
    await expect(running).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(() => trainer.nParameters()).toThrow("closed");
  });
});
