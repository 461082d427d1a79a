import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mergeAdapter, type MergeType } from "../../src/model/merge";
import { loadAddon } from "../../src/native/load";
import { harmonic } from "../support/cli";
import { writeFullAdapter } from "../support/full-adapter";
import { logProbabilities } from "../support/model";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { nextTokenBatch, tinyTrainer } from "../support/tiny-training";

const folder = temporaryFolder();
// Rows of 256, so that every type's blocks fit.
const WIDE = { nEmbedding: 256, nFeedForward: 512, nLayers: 1 };
const wide = join(folder, "wide.gguf");
const none = join(folder, "none.gguf");
const table = join(folder, "table.csv");
const tokens = Int32Array.from({ length: 40 }, (_, i) => (i * i * 7 + 3 * i) % 250);
const RUN = ["--epochs", "1", "--rank", "4", "--k", "2", "--rows", "5", "--threads", "1", "--quiet"];

beforeAll(() => {
  writeTinyGguf(wide, WIDE);
  writeFullAdapter(none, WIDE, { size: 0 });
  const rows = Array.from({ length: 24 }, (_, i) => `${i % 7},${(i * 3) % 11}.5,${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(table, `a,b,y\n${rows.join("")}`);
});

describe.each<[MergeType]>([
  ["f32"],
  ["f16"],
  ["bf16"],
  ["q8_0"],
  ["q5_1"],
  ["q5_0"],
  ["q4_1"],
  ["q4_0"],
  ["q6_k"],
  ["q5_k"],
  ["q4_k"],
  ["q3_k"],
  ["q2_k"],
])("a base of type %s", (type) => {
  const base = join(folder, `${type}.gguf`);
  beforeAll(() => mergeAdapter({ base: wide, adapter: none, out: base, type }));

  it("has the trainer's likelihoods where llama.cpp has them", async () => {
    const trainer = await loadAddon().openTrainer(tinyTrainer(base));
    const ours = new Float32Array(await trainer.evaluate(nextTokenBatch(tokens)));
    trainer.close();
    const logs = await logProbabilities(tokens, base);
    const width = logs.length / tokens.length;
    const apart = ours.map((loss, i) => Math.abs(loss + logs[i * width + tokens[i + 1]!]!));
    // llama.cpp multiplies quantised matrices by activations of 8 bits; other weights would be apart by more than 1.
    expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(0.1);
  });

  it("is trained, and rows are drawn from it", async () => {
    const out = join(folder, `run-${type}`);
    const argv = ["run", table, "--target", "y", "--base", base, "--out", out, ...RUN];
    expect(await harmonic(argv)).toMatchObject({ code: 0, stderr: "" });
    const [header, ...rows] = readFileSync(join(out, "synthetic.csv"), "utf8").trim().split("\n");
    expect(header).toBe("a,b,y");
    expect(rows).toHaveLength(5);
    for (const row of rows) expect(row).toMatch(/^[0-6],\d+\.\d,(yes|no)$/);
  });
});

it.each(["internlm2", "gemma2"])("a base of architecture %s is refused by name", async (architecture) => {
  const base = join(folder, `${architecture}.gguf`);
  writeTinyGguf(base, { architecture, tied: false });
  const out = join(folder, `run-${architecture}`);
  const { code, stderr } = await harmonic(["run", table, "--base", base, "--out", out, ...RUN]);
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot be trained: its architecture is "${architecture}"`);
});
