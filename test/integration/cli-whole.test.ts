import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAddon } from "../../src/native/load";
import { parseTrainSettings } from "../../src/train/settings";
import { planWhole } from "../../src/train/whole";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { TINY_SHAPE } from "../support/tiny-full";
import { writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const scratch = join(root, "scratch.gguf");
const TABLE = join(__dirname, "../fixtures/mixed.csv");
const run = (out: string, model: string) =>
  harmonic([
    ...["run", TABLE, "--target", "level", "--base", model, "--train", "all", "--out", join(root, out)],
    ...["--rows", "30", "--epochs", "2", "--k", "2", "--dropout", "0.1", "--threads", "2", "--quiet"],
  ]);
const read = (...path: string[]) => readFileSync(join(root, ...path));

beforeAll(async () => {
  writeTinyGguf(base);
  await loadAddon().writeScratchModel({ ...TINY_SHAPE, path: scratch, tokenizer: base, seed: 2 });
});

describe("harmonic run --train all", () => {
  it("leaves a whole model, and rows drawn from it; the same for the same seed", async () => {
    for (const out of ["first", "second"])
      expect(await run(out, base)).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(join(root, "first", "adapter.gguf"))).toBe(false);
    const { stages } = JSON.parse(read("first", "run.json").toString());
    expect(stages).toMatchObject({
      train: { outputs: ["model.gguf", "training.jsonl"] },
      sample: { state: "done" },
    });
    for (const file of ["model.gguf", "synthetic.csv"])
      expect(read("second", file).equals(read("first", file))).toBe(true);
  });

  it("takes a model from scratch with the tokenizer of a base", async () => {
    expect(await run("scratch", scratch)).toMatchObject({ code: 0, stderr: "" });
    const model = await loadAddon().openModel({ path: join(root, "scratch", "model.gguf") });
    expect(model.info()).toMatchObject({ architecture: "llama", nEmbedding: TINY_SHAPE.nEmbedding });
    model.close();
  });
});

it("a base too large to be trained whole is refused with what it would need", async () => {
  const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
  const info = { ...model.info(), nParameters: 400_000_000 };
  const settings = parseTrainSettings({ train: "all", threads: 2 });
  expect(() => planWhole(info, settings)).toThrow(/400,000,000 weights .* needs about 1\d/);
  expect(() => planWhole(model.info(), settings, { maxMemory: 1000 })).toThrow("more than");
  model.close();
});

describe("harmonic model new", () => {
  it("writes a model of the shape asked for, the same for the same seed, which run trains from scratch", async () => {
    const [first, second] = ["new-1.gguf", "new-2.gguf"].map((name) => join(root, name)) as [string, string];
    const shape = ["--layers", "2", "--width", "32", "--heads", "4", "--tokenizer", base];
    for (const path of [first, second]) {
      const { code, stdout } = await harmonic(["model", "new", path, ...shape, "--seed", "7", "--json"]);
      expect({ code, path: JSON.parse(stdout.toString()).out }).toEqual({ code: 0, path });
    }
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    const { stdout } = await harmonic(["model", "info", first, "--json"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      nLayers: 2,
      nEmbedding: 32,
      nHeads: 4,
      untrainable: "",
    });
    expect(await run("scratch-run", first)).toMatchObject({ code: 0, stderr: "" });
    expect(read("scratch-run", "synthetic.csv").toString().split("\n").length).toBeGreaterThan(30);
  });

  it("refuses a width that the heads cannot share", async () => {
    const out = join(root, "none.gguf");
    const options = ["--width", "30", "--heads", "4", "--tokenizer", base];
    expect(await harmonic(["model", "new", out, ...options])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("4 heads share a width of 30") as string,
    });
    expect(existsSync(out)).toBe(false);
  });
});
