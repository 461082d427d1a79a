import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { mergeAdapter } from "../../src/model/merge";
import { writeFullAdapter } from "../support/full-adapter";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

/** Logits by node-llama-cpp's own prebuilt llama.cpp, shape (tokens, vocabulary). */
function logits(model: string, adapter = ""): number[][] {
  const tokens = Array.from({ length: 24 }, (_, i) => (i * 37 + 11) % 250);
  const script = join(__dirname, "node-llama-cpp.mjs");
  const output = execFileSync(process.execPath, [script, model, adapter, tokens.join()], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return JSON.parse(output) as number[][];
}

const largestDifference = (a: number[][], b: number[][]): number =>
  a.reduce((worst, row, i) => row.reduce((w, x, v) => Math.max(w, Math.abs(x - b[i]![v]!)), worst), 0);

describe.each(["llama", "qwen2"])("a merged %s in node-llama-cpp's own llama.cpp", (architecture) => {
  const folder = temporaryFolder();

  it("is loaded, with the logits of base and adapter within 1e-3", async () => {
    const [base, adapter, out] = ["base", "adapter", "merged"].map((name) => join(folder, `${name}.gguf`));
    writeTinyGguf(base!, { architecture });
    writeFullAdapter(adapter!, { architecture }, { size: 0.1 });
    await mergeAdapter({ base: base!, adapter: adapter!, out: out! });
    const merged = logits(out!);
    expect(largestDifference(merged, logits(base!, adapter))).toBeLessThan(1e-3);
    expect(largestDifference(merged, logits(base!))).toBeGreaterThan(0.1);
  });
});
