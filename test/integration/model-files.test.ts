import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { temporaryFolder } from "../support/temporary";
import { tinyAdapter } from "../support/tiny-adapter";
import { tinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();

describe("files that cannot be used", () => {
  const openFile = (name: string, bytes: Buffer | string, adapter?: Buffer | string) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const adapterPath = join(folder, `${name}.adapter`);
    if (adapter !== undefined) writeFileSync(adapterPath, adapter);
    return loadAddon().openModel({ path, ...(adapter !== undefined && { adapter: adapterPath }) });
  };
  const base = tinyGguf();
  const adapterOf = (architecture: string, nIn: number, target = "blk.0.attn_q.weight"): Buffer =>
    tinyAdapter({ architecture, targets: { [target]: [nIn, 64] } });

  it.each<[string, () => Promise<ModelHandle>, RegExp]>([
    [
      "a file that is no GGUF",
      () => openFile("text.gguf", "a,b\n1,2\n"),
      /text.gguf to be a GGUF file but it is not/,
    ],
    ["an empty file", () => openFile("empty.gguf", ""), /empty.gguf to be a GGUF file but it is not/],
    [
      "a file that is missing",
      () => loadAddon().openModel({ path: "/missing/base.gguf" }),
      /cannot read .*No such file/,
    ],
    ["a folder", () => loadAddon().openModel({ path: folder }), /regular file/],
    ["a truncated header", () => openFile("short.gguf", base.subarray(0, 3000)), /truncated or corrupt/],
    ["truncated tensors", () => openFile("cut.gguf", base.subarray(0, 200_000)), /truncated: tensor blk/],
    [
      "an architecture that llama.cpp does not know",
      () => openFile("alien.gguf", tinyGguf({ architecture: "alien" })),
      /cannot load the base model .*unknown model architecture: 'alien'/,
    ],
    ["an adapter as base", () => openFile("adapter.gguf", adapterOf("llama", 64)), /it is an adapter/],
    [
      "an adapter that is no GGUF",
      () => openFile("a.gguf", base, "nothing"),
      /adapter .*to be a GGUF file but it is not/,
    ],
    [
      "a model as adapter",
      () => openFile("b.gguf", base, base),
      /to be a LoRA adapter but it is another kind/,
    ],
    [
      "a truncated adapter",
      () => openFile("c.gguf", base, adapterOf("llama", 64).subarray(0, 1400)),
      /the adapter .* is truncated: tensor blk.0.attn_q.weight/,
    ],
    [
      "an adapter for another architecture",
      () => openFile("d.gguf", base, adapterOf("qwen2", 64)),
      /made for another base model .*architecture "llama" but it has "qwen2"/,
    ],
    [
      "an adapter for another size",
      () => openFile("e.gguf", base, adapterOf("llama", 32)),
      /made for another base model .*attn_q.weight to be 64 x 64 but it is 32 x 64/,
    ],
    [
      "an adapter for more layers",
      () => openFile("f.gguf", base, adapterOf("llama", 64, "blk.7.attn_q.weight")),
      /made for another base model .*no tensor blk.7.attn_q.weight/,
    ],
  ])("names %s", async (_, opening, message) => {
    await expect(opening()).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
    });
  });

  it("takes an adapter that fits, and a model that only samples", async () => {
    const tuned = await openFile("g.gguf", base, adapterOf("llama", 64));
    expect(tuned.info().architecture).toBe("llama");
    tuned.close();
    const other = await openFile("h.gguf", tinyGguf({ architecture: "internlm2", tied: false }));
    expect(other.info().untrainable).toMatch(/internlm2.*only llama \(also Mistral\), qwen2 and qwen3/);
    other.close();
  });
});
