import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { loadAddon } from "../../src/native/load";
import { temporaryFolder } from "../support/temporary";
import { fullTrainer, TINY_SHAPE } from "../support/tiny-full";
import { writeTinyGguf } from "../support/tiny-gguf";
import { ADAMW, nextTokenBatch } from "../support/tiny-training";

const folder = temporaryFolder();
const TOKENS = Int32Array.from({ length: 24 }, (_, i) => (i * 37 + 11) % 250);

/** -log p of each next token, by node-llama-cpp's own prebuilt llama.cpp. */
function lossesOf(model: string): number[] {
  const script = join(__dirname, "node-llama-cpp.mjs");
  const output = execFileSync(process.execPath, [script, model, "", TOKENS.join()], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const logits = (JSON.parse(output) as number[][]).slice(0, -1);
  return logits.map((row, i) => {
    const largest = Math.max(...row);
    const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return Math.log(sum) + largest - row[TOKENS[i + 1]!]!;
  });
}

it("stock llama.cpp finds the likelihoods that the trainer computed for a model from scratch", async () => {
  const addon = loadAddon();
  const [base, path, out] = ["base", "scratch", "trained"].map((name) => join(folder, `${name}.gguf`)) as [
    string,
    string,
    string,
  ];
  // node-llama-cpp asks every model for tokens while it loads it, so this one has a tokenizer
  writeTinyGguf(base);
  await addon.writeScratchModel({ ...TINY_SHAPE, path, tokenizer: base, seed: 3 });
  const trainer = await addon.openFullTrainer(fullTrainer(path, { threads: 2 }));
  const batch = nextTokenBatch(TOKENS);
  for (let step = 0; step < 20; step++) {
    await trainer.accumulate(batch);
    await trainer.update({ ...ADAMW, learningRate: 3e-3 });
  }
  const expected = new Float32Array(await trainer.evaluate(batch));
  await trainer.saveModel(out, {});
  trainer.close();
  const found = lossesOf(out);
  const worst = expected.reduce((most, loss, i) => Math.max(most, Math.abs(loss - found[i]!)), 0);
  expect(worst).toBeLessThan(1e-3);
  expect(expected.reduce((a, b) => a + b, 0) / expected.length).toBeLessThan(4);
});
