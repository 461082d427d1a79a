import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { ggufBytes } from "../support/gguf-writer";
import { largestDifference, logProbabilities } from "../support/model";
import { temporaryFolder } from "../support/temporary";
import { TINY_TARGETS, tinyAdapterTensors, writeTinyAdapter } from "../support/tiny-adapter";
import { tinyGgufParts, writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const ids = Int32Array.from({ length: 90 }, (_, i) => 5 + ((i * 37) % 300));

beforeAll(() => writeTinyGguf(base));

const predictions = (path: string, adapter?: string) => logProbabilities(ids, path, adapter);

/** The tiny base with W + alpha / rank * B A in place of W, worked out here. */
function writeMergedBase(path: string, alpha: number, rank: number): void {
  const { metadata, tensors } = tinyGgufParts();
  const adapter = new Map(tinyAdapterTensors({ rank }).map((tensor) => [tensor.name, tensor.data]));
  for (const [name, [nIn, nOut]] of Object.entries(TINY_TARGETS)) {
    const a = adapter.get(`${name}.lora_a`)!;
    const b = adapter.get(`${name}.lora_b`)!;
    const weight = tensors.find((tensor) => tensor.name === name)!.data;
    for (let i = 0; i < nOut; i++) {
      for (let j = 0; j < nIn; j++) {
        let sum = 0;
        for (let r = 0; r < rank; r++) sum += b[i * rank + r]! * a[r * nIn + j]!;
        weight[i * nIn + j]! += (alpha / rank) * sum;
      }
    }
  }
  writeFileSync(path, ggufBytes(metadata, tensors));
}

describe("an adapter", () => {
  it("adds alpha / rank * B A to the matrices of its base", async () => {
    const adapter = join(folder, "adapter.gguf");
    writeTinyAdapter(adapter, { rank: 4, alpha: 10 });
    const expected = join(folder, "merged.gguf");
    writeMergedBase(expected, 10, 4);
    const adapted = await predictions(base, adapter);
    expect(largestDifference(adapted, await predictions(expected))).toBeLessThan(1e-4);
    expect(largestDifference(adapted, await predictions(base))).toBeGreaterThan(0.1);
  });

  it("gives what llama.cpp makes of it when it is not merged", async () => {
    const merged = join(folder, "plain.gguf");
    writeTinyAdapter(merged);
    // An adapter of the embedding is left to llama.cpp; this one changes nothing.
    const unmerged = join(folder, "embedding.gguf");
    const untied = join(folder, "untied.gguf");
    writeTinyGguf(untied, { tied: false });
    const { tensors } = tinyGgufParts();
    const nVocabulary = tensors.find(({ name }) => name === "token_embd.weight")!.shape[1]!;
    const flipped = [
      { name: "token_embd.weight.lora_a", shape: [4, nVocabulary], data: new Float32Array(4 * nVocabulary) },
      { name: "token_embd.weight.lora_b", shape: [4, 64], data: new Float32Array(4 * 64) },
    ];
    writeTinyAdapter(unmerged, { others: flipped });
    const difference = largestDifference(
      await predictions(untied, merged),
      await predictions(untied, unmerged),
    );
    expect(difference).toBeLessThan(1e-3);
    await expect(predictions(base, unmerged)).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(/adapts the embedding/),
    });
  });

  it("changes nothing where its matrices are zero", async () => {
    const adapter = join(folder, "zero.gguf");
    writeTinyAdapter(adapter, { size: 0 });
    expect(await predictions(base, adapter)).toEqual(await predictions(base));
  });
});
