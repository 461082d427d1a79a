import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { loadAddon } from "../../src/native/load";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { ADAMW, nextTokenBatch, tinyTrainer } from "../support/tiny-training";

/** Largest difference of a log-probability; node-llama-cpp's build sums in another order. */
const TOLERANCE = 5e-3;

function logSoftmax(logits: readonly number[]): number[] {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, x) => total + Math.exp(x - largest), 0);
  return logits.map((x) => x - largest - Math.log(sum));
}

describe("an adapter of ours in node-llama-cpp's own llama.cpp", () => {
  const folder = temporaryFolder();
  const base = join(folder, "base.gguf");
  const adapter = join(folder, "adapter.gguf");
  const tokens = Int32Array.from({ length: 24 }, (_, i) => (i * 37 + 11) % 250);

  it(`gives the same log-probabilities within ${TOLERANCE}, and other ones without it`, async () => {
    writeTinyGguf(base);
    const addon = loadAddon();
    const trainer = await addon.openTrainer(tinyTrainer(base));
    for (let step = 0; step < 5; step++) {
      await trainer.accumulate(nextTokenBatch(tokens));
      await trainer.update(ADAMW);
    }
    await trainer.saveAdapter(adapter, {});
    trainer.close();

    const script = join(__dirname, "node-llama-cpp.mjs");
    const output = execFileSync(process.execPath, [script, base, adapter, tokens.join()], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    const theirs = (JSON.parse(output) as number[][]).map(logSoftmax);

    const difference = async (options: { path: string; adapter?: string }): Promise<number> => {
      const model = await addon.openModel(options);
      const ours = new Float32Array(await model.logProbabilities(tokens));
      const n = model.info().nVocabulary;
      model.close();
      return theirs.reduce(
        (worst, row, i) =>
          row.reduce((w, value, v) => Math.max(w, Math.abs(value - ours[i * n + v]!)), worst),
        0,
      );
    };
    expect(theirs).toHaveLength(tokens.length);
    expect(await difference({ path: base, adapter })).toBeLessThan(TOLERANCE);
    expect(await difference({ path: base })).toBeGreaterThan(0.1);
  });
});
