import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadAddon } from "../../src/native/load";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { ADAMW, nextTokenBatch, tinyTrainer } from "../support/tiny-training";

const folder = temporaryFolder();
const addon = loadAddon();
const tokens = Int32Array.from({ length: 40 }, (_, i) => (i * i * 7 + 3 * i) % 250);

/** An adapter after a few steps on `tokens`, with the loss of each position that the trainer computes. */
async function trainTiny(base: string, adapter: string): Promise<Float32Array> {
  const trainer = await addon.openTrainer(tinyTrainer(base));
  for (let step = 0; step < 5; step++) {
    await trainer.accumulate(nextTokenBatch(tokens));
    await trainer.update(ADAMW);
  }
  const losses = new Float32Array(await trainer.evaluate(nextTokenBatch(tokens)));
  await trainer.saveAdapter(adapter, { note: "tiny" });
  trainer.close();
  return losses;
}

describe.each(["llama", "qwen2", "qwen3"])("a %s adapter", (architecture) => {
  const base = join(folder, `${architecture}.gguf`);
  const adapter = join(folder, `${architecture}-adapter.gguf`);
  let losses: Float32Array;

  beforeAll(async () => {
    writeTinyGguf(base, { architecture });
    losses = await trainTiny(base, adapter);
  });

  it("gives llama.cpp the likelihoods that the trainer computed", async () => {
    const model = await addon.openModel({ path: base, adapter });
    const logs = new Float32Array(await model.logProbabilities(tokens));
    const nVocabulary = model.info().nVocabulary;
    model.close();
    const worst = losses.reduce(
      (max, loss, i) => Math.max(max, Math.abs(loss + logs[i * nVocabulary + tokens[i + 1]!]!)),
      0,
    );
    // llama.cpp keeps keys and values in 16 bits
    expect(worst).toBeLessThan(5e-3);
  });

  it("gives its losses when a trainer holds it finished", async () => {
    const trainer = await addon.openTrainer(tinyTrainer(base, { adapter, rank: 1, targets: ["q"] }));
    const held = new Float32Array(await trainer.evaluate(nextTokenBatch(tokens)));
    trainer.close();
    held.forEach((loss, i) => expect(Math.abs(loss - losses[i]!)).toBeLessThan(1e-4));
  });

  it("has learnt: the base alone finds the tokens less likely", async () => {
    const model = await addon.openModel({ path: base });
    const logs = new Float32Array(await model.logProbabilities(tokens));
    const nVocabulary = model.info().nVocabulary;
    model.close();
    const baseLoss = -losses.reduce((sum, _, i) => sum + logs[i * nVocabulary + tokens[i + 1]!]!, 0);
    expect(losses.reduce((a, b) => a + b, 0)).toBeLessThan(0.8 * baseLoss);
  });
});

describe("the trainer", () => {
  const base = join(folder, "base.gguf");
  beforeAll(() => writeTinyGguf(base));

  it("refuses an architecture that it cannot train, by name", async () => {
    const other = join(folder, "internlm2.gguf");
    writeTinyGguf(other, { architecture: "internlm2", tied: false });
    await expect(addon.openTrainer(tinyTrainer(other))).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringContaining("internlm2") as string,
    });
  });

  it("refuses a finished adapter that is none", async () => {
    const adapter = join(folder, "text-adapter.gguf");
    writeFileSync(adapter, "not an adapter at all");
    await expect(addon.openTrainer(tinyTrainer(base, { adapter }))).rejects.toMatchObject({
      code: "E_MODEL",
    });
  });

  it("refuses a file that is no GGUF, and a truncated one", async () => {
    const text = join(folder, "text.gguf");
    writeFileSync(text, "not a model at all");
    await expect(addon.openTrainer(tinyTrainer(text))).rejects.toMatchObject({ code: "E_MODEL" });
  });

  it.each([
    [{ rank: 0 }, "rank"],
    [{ targets: ["x" as "q"] }, "target"],
    [{ targets: [] }, "target"],
    [{ vocabulary: Int32Array.of(1, 1_000_000) }, "1000000"],
  ])("refuses %j", async (changes, named) => {
    await expect(addon.openTrainer(tinyTrainer(base, changes))).rejects.toMatchObject({
      message: expect.stringContaining(named) as string,
    });
  });

  it("refuses a batch whose labels, groups or tokens are wrong, and goes on", async () => {
    const trainer = await addon.openTrainer(tinyTrainer(base));
    const batch = nextTokenBatch(tokens);
    for (const wrong of [
      { labels: batch.labels.map(() => -1) },
      { groupOffsets: Int32Array.of(0, 3) },
      { tokens: tokens.map(() => 1 << 20) },
      { weights: new Float32Array(1) },
    ]) {
      await expect(trainer.accumulate({ ...batch, ...wrong })).rejects.toMatchObject({ code: "E_USAGE" });
    }
    expect((await trainer.evaluate(batch)).byteLength).toBe(4 * (tokens.length - 1));
    trainer.close();
  });

  it("gives the same state for the same seed, and goes on exactly from a state", async () => {
    const run = async (interrupted: boolean): Promise<Buffer> => {
      let trainer = await addon.openTrainer(tinyTrainer(base));
      for (let step = 0; step < 4; step++) {
        if (interrupted && step === 2) {
          const state = await trainer.state();
          trainer.close();
          trainer = await addon.openTrainer(tinyTrainer(base, { seed: 99 }));
          await trainer.setState(state);
        }
        await trainer.accumulate(nextTokenBatch(tokens));
        await trainer.update(ADAMW);
      }
      return Buffer.from(await trainer.state());
    };
    const whole = await run(false);
    expect(whole.equals(await run(false))).toBe(true);
    expect(whole.equals(await run(true))).toBe(true);
  });

  it("ends a running pass when aborted, and may be closed while busy and twice", async () => {
    const trainer = await addon.openTrainer(tinyTrainer(base));
    // seconds of work, so that the pass cannot end before it is aborted
    const long = Int32Array.from({ length: 8000 }, (_, i) => tokens[i % tokens.length]!);
    const running = trainer.accumulate(nextTokenBatch(long));
    trainer.abort();
    trainer.close();
    trainer.close();
    await expect(running).rejects.toMatchObject({ code: "E_ABORTED" });
    expect(() => trainer.nParameters()).toThrow("closed");
  });
});
