import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGguf } from "../../../src/model/gguf";
import { readLora, writeLora, type Lora } from "../../../src/model/lora";
import { ggufBytes } from "../../support/gguf-writer";
import { temporaryFolder } from "../../support/temporary";
import { writeTinyAdapter } from "../../support/tiny-adapter";

const folder = temporaryFolder();
const path = join(folder, "a.gguf");

describe("readGguf", () => {
  it("reads metadata of all types and tensors", async () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const bytes = ggufBytes(
      {
        name: { type: "string", value: "é" },
        n: { type: "u32", value: 3 },
        i: { type: "i32", value: -3 },
        x: { type: "f32", value: 0.5 },
        yes: { type: "bool", value: true },
        words: { type: "strings", value: ["a", ""] },
        list: { type: "i32s", value: [1, -1] },
      },
      [{ name: "w", shape: [3, 2], data }],
    );
    writeFileSync(path, bytes);
    const { metadata, tensors } = await readGguf(path);
    expect(Object.fromEntries(metadata)).toEqual({
      ...{ name: "é", n: 3, i: -3, x: 0.5, yes: true },
      words: ["a", ""],
      list: [1, -1],
    });
    expect(tensors).toEqual([{ name: "w", shape: [3, 2], data }]);
  });

  it("refuses what is no GGUF, and one cut anywhere", async () => {
    writeFileSync(path, "something else");
    await expect(readGguf(path)).rejects.toMatchObject({ code: "E_MODEL" });
    const bytes = ggufBytes({ name: { type: "string", value: "x" } }, [
      { name: "w", shape: [2], data: Float32Array.of(1, 2) },
    ]);
    for (let n = 4; n < bytes.length - 24; n += 5) {
      writeFileSync(path, bytes.subarray(0, n));
      await expect(readGguf(path)).rejects.toMatchObject({
        code: "E_MODEL",
        message: expect.stringMatching(/truncated or corrupt/) as string,
      });
    }
  });
});

describe("a LoRA", () => {
  it("comes back as it was written", async () => {
    const lora: Lora = {
      architecture: "qwen2",
      alpha: 12,
      matrices: [
        {
          weight: "blk.0.attn_q.weight",
          ...{ rank: 2, nIn: 3, nOut: 4 },
          a: Float32Array.from({ length: 6 }, (_, i) => i / 7),
          b: Float32Array.from({ length: 8 }, (_, i) => -i),
        },
      ],
      notes: { n_heads: "2" },
    };
    await writeLora(path, lora);
    expect(await readLora(path)).toEqual(lora);
  });

  it("in llama.cpp's format is read by its matrices", async () => {
    writeTinyAdapter(path, { rank: 4, alpha: 10 });
    const { architecture, alpha, matrices } = await readLora(path);
    expect({ architecture, alpha }).toEqual({ architecture: "llama", alpha: 10 });
    expect(matrices.map(({ weight, rank, nIn, nOut }) => [weight, rank, nIn, nOut])).toEqual([
      ["blk.0.attn_q.weight", 4, 64, 64],
      ["blk.0.attn_v.weight", 4, 64, 32],
      ["blk.1.ffn_down.weight", 4, 128, 64],
    ]);
  });

  it("with an A that has no B is refused", async () => {
    const bytes = ggufBytes(
      {
        "general.type": { type: "string", value: "adapter" },
        "adapter.type": { type: "string", value: "lora" },
      },
      [{ name: "x.lora_a", shape: [1, 1], data: Float32Array.of(1) }],
    );
    writeFileSync(path, bytes);
    await expect(readLora(path)).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(/corrupt: x is no pair/) as string,
    });
  });
});
