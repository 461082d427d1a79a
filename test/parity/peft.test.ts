import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { resolveAdapter } from "../../src/model/adapter";
import { loadAddon } from "../../src/native/load";
import { exportAdapter } from "../../src/run/peft";
import { hashFile } from "../../src/hash";
import { writeFullAdapter } from "../support/full-adapter";
import { logProbabilities } from "../support/model";
import { temporaryFolder, withEnvironment } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

interface Reference {
  tokens: number[];
  models: Record<
    string,
    { exported: { sha256: string; logProbabilities: number[][] }; made: number[][]; base: number[][] }
  >;
}

/** Largest difference of a log-probability: llama.cpp keeps keys and values in 16 bits. */
const TOLERANCE = 5e-3;
const REFERENCE = join(__dirname, "reference");
const temporary = temporaryFolder();
// Where peft-adapter.py finds what it makes the reference from.
const inputs = process.env.PEFT_INPUTS ?? temporary;
const reference = JSON.parse(readFileSync(join(REFERENCE, "peft.json"), "utf8")) as Reference;

withEnvironment({ XDG_CACHE_HOME: temporary });

describe.each(["llama", "qwen2", "qwen3"])("PEFT, for %s", (architecture) => {
  const base = join(inputs, `${architecture}.gguf`);
  const adapter = join(temporary, `${architecture}-adapter.gguf`);
  const peft = join(inputs, `${architecture}-peft`);
  const golden = reference.models[architecture]!;

  beforeAll(async () => {
    mkdirSync(inputs, { recursive: true });
    writeTinyGguf(base, { architecture });
    writeFullAdapter(adapter, { architecture }, { rank: 8, alpha: 12 });
    await exportAdapter({ adapter, out: peft, base });
  });

  /** The largest difference from what PyTorch computed. */
  async function difference(expected: number[][], path?: string): Promise<number> {
    const ours = await logProbabilities(Int32Array.from(reference.tokens), base, path);
    const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
    const width = model.info().nVocabulary;
    model.close();
    const all = expected.flatMap((row, i) => row.map((x, v) => Math.abs(x - ours[i * width + v]!)));
    return all.reduce((a, b) => Math.max(a, b));
  }

  it("has loaded the adapter that is exported today", async () => {
    // Where this fails, the export has changed: make the reference again with peft-adapter.py.
    expect(await hashFile(join(peft, "adapter_model.safetensors"))).toBe(golden.exported.sha256);
  });

  it(`computes the log-probabilities that llama.cpp does, within ${TOLERANCE}`, async () => {
    expect(await difference(golden.base)).toBeLessThan(TOLERANCE);
    expect(await difference(golden.exported.logProbabilities, adapter)).toBeLessThan(TOLERANCE);
    expect(await difference(golden.exported.logProbabilities)).toBeGreaterThan(1);
  });

  it(`has made an adapter that is imported with the same, within ${TOLERANCE}`, async () => {
    const imported = await resolveAdapter(join(REFERENCE, `peft-${architecture}`), base);
    expect(await difference(golden.made, imported)).toBeLessThan(TOLERANCE);
    expect(await difference(golden.made)).toBeGreaterThan(1);
  });
});
