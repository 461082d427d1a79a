import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveAdapter } from "../../src/model/adapter";
import { mergeAdapter } from "../../src/model/merge";
import { readLora } from "../../src/model/lora";
import { readSafetensors, safetensorsBytes, type SafeTensor } from "../../src/model/safetensors";
import { exportAdapter } from "../../src/run/peft";
import { harmonic } from "../support/cli";
import { writeFullAdapter } from "../support/full-adapter";
import { largestDifference, logProbabilities } from "../support/model";
import { temporaryFolder, withEnvironment } from "../support/temporary";
import { writeTinyAdapter } from "../support/tiny-adapter";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
withEnvironment({ XDG_CACHE_HOME: join(folder, "cache") });
const ids = Int32Array.from({ length: 40 }, (_, i) => 5 + ((i * 37) % 300));
let count = 0;
const fresh = (): string => join(folder, `peft-${count++}`);

describe.each(["llama", "qwen2", "qwen3"])("a %s adapter exported to PEFT", (architecture) => {
  const base = join(folder, `${architecture}.gguf`);
  const adapter = join(folder, `${architecture}-adapter.gguf`);
  const out = join(folder, `${architecture}-peft`);

  beforeAll(async () => {
    writeTinyGguf(base, { architecture });
    writeFullAdapter(adapter, { architecture }, { rank: 8, alpha: 12 });
    await exportAdapter({ adapter, out, base });
  });

  it("has PEFT's names and shapes", async () => {
    const config: unknown = JSON.parse(readFileSync(join(out, "adapter_config.json"), "utf8"));
    expect(config).toMatchObject({
      ...{ peft_type: "LORA", task_type: "CAUSAL_LM", r: 8, lora_alpha: 12, bias: "none" },
      base_model_name_or_path: null,
      target_modules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    });
    const tensors = await readSafetensors(join(out, "adapter_model.safetensors"));
    const shapes = Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
    expect(Object.keys(shapes)).toHaveLength(28);
    expect(shapes).toMatchObject({
      "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": [8, 64],
      "base_model.model.model.layers.1.self_attn.k_proj.lora_B.weight": [32, 8],
      "base_model.model.model.layers.1.mlp.down_proj.lora_A.weight": [8, 128],
    });
  });

  it("comes back as the same matrices and the same log-probabilities, bit by bit", async () => {
    const back = await resolveAdapter(out, base);
    const [before, after] = [await readLora(adapter), await readLora(back)];
    expect(after).toEqual(before);
    expect(await logProbabilities(ids, base, back)).toEqual(await logProbabilities(ids, base, adapter));
    expect(await resolveAdapter(out, base)).toBe(back);
  });

  it("has the rows of q and k in another order only where GGUF has", async () => {
    const [{ b } = { b: new Float32Array() }] = (await readLora(adapter)).matrices;
    const tensors = await readSafetensors(join(out, "adapter_model.safetensors"));
    const q = tensors.find(({ name }) => name.endsWith("layers.0.self_attn.q_proj.lora_B.weight"))!.data;
    expect(Buffer.from(q.buffer).equals(Buffer.from(b.buffer))).toBe(architecture !== "llama");
    // The second row of Hugging Face's first head is the third in GGUF.
    const row = architecture === "llama" ? 2 : 1;
    expect([...q.subarray(8, 16)]).toEqual([...b.subarray(8 * row, 8 * row + 8)]);
  });
});

describe("a PEFT adapter", () => {
  const base = join(folder, "base.gguf");
  const adapter = join(folder, "base-adapter.gguf");
  let exported: string;

  beforeAll(async () => {
    writeTinyGguf(base);
    writeFullAdapter(adapter, {}, { rank: 4, alpha: 8 });
    exported = fresh();
    await exportAdapter({ adapter, out: exported, base });
  });

  /** A copy of the exported folder with a changed configuration and tensors. */
  async function changed(
    config: Record<string, unknown>,
    change: (tensors: SafeTensor[]) => SafeTensor[] = (tensors) => tensors,
  ): Promise<string> {
    const out = fresh();
    mkdirSync(out);
    const old = JSON.parse(readFileSync(join(exported, "adapter_config.json"), "utf8")) as object;
    writeFileSync(join(out, "adapter_config.json"), JSON.stringify({ ...old, ...config }));
    const tensors = await readSafetensors(join(exported, "adapter_model.safetensors"));
    writeFileSync(join(out, "adapter_model.safetensors"), safetensorsBytes(change(tensors)));
    return out;
  }
  const logs = (path: string) => logProbabilities(ids, base, path);

  it("that is rank-stabilised is scaled by alpha / sqrt r", async () => {
    const stabilised = await changed({ use_rslora: true, lora_alpha: 4 });
    // 4 / sqrt 4 = 8 / 4
    expect(await logs(await resolveAdapter(stabilised, base))).toEqual(await logs(adapter));
  });

  it("with another alpha for some modules has their scale in B", async () => {
    const halved = await changed({ alpha_pattern: { "self_attn.v_proj": 4 } });
    const doubled = await changed({ alpha_pattern: { "self_attn.v_proj": 4 } }, (tensors) =>
      tensors.map((tensor) =>
        tensor.name.includes("v_proj.lora_B") ? { ...tensor, data: tensor.data.map((x) => 2 * x) } : tensor,
      ),
    );
    const expected = await logs(adapter);
    expect(largestDifference(await logs(await resolveAdapter(halved, base)), expected)).toBeGreaterThan(0.01);
    expect(await logs(await resolveAdapter(doubled, base))).toEqual(expected);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ["of another method", () => changed({ peft_type: "IA3" }), /expected `peft_type` LORA but it is IA3/],
    ["of DoRA", () => changed({ use_dora: true }), /is a DoRA/],
    ["without rank", () => changed({ r: undefined }), /adapter_config\.json: `r`/],
    [
      "with a matrix that GGUF's adapters lack",
      () =>
        changed({}, (tensors) => [
          ...tensors,
          { name: "base_model.model.lm_head.weight", shape: [1], data: Float32Array.of(1) },
        ]),
      /holds base_model\.model\.lm_head\.weight, which an adapter in GGUF cannot have/,
    ],
    [
      "with half of a pair",
      () => changed({}, ([, ...rest]) => rest),
      /only one of lora_A and lora_B of model\.layers\.0\.self_attn\.q_proj/,
    ],
    ["without tensors", () => changed({}, () => []), /holds no tensors/],
    [
      "whose shapes disagree",
      () =>
        changed({}, (tensors) => tensors.map((each, i) => (i === 0 ? { ...each, shape: [64, 4] } : each))),
      /expected lora_A \(r, n\) and lora_B \(m, r\)/,
    ],
    [
      "without its tensors' file",
      async () => {
        const out = await changed({});
        rmSync(join(out, "adapter_model.safetensors"));
        return out;
      },
      /has no adapter_model\.safetensors/,
    ],
    [
      "whose configuration is no JSON",
      async () => {
        const out = await changed({});
        writeFileSync(join(out, "adapter_config.json"), "{");
        return out;
      },
      /adapter_config\.json is not JSON/,
    ],
  ])("%s is refused", async (_name, make, message) => {
    await expect(resolveAdapter(await make(), base)).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(message) as string,
    });
  });

  it("of another base is refused when it is used", async () => {
    const other = join(folder, "wide.gguf");
    writeTinyGguf(other, { nEmbedding: 128 });
    const converted = await resolveAdapter(exported, other);
    await expect(logProbabilities(ids, other, converted)).rejects.toMatchObject({
      code: "E_MODEL",
      message: expect.stringMatching(/made for another base model/) as string,
    });
  });

  it("of an architecture that has no known names is refused by name", async () => {
    const other = join(folder, "internlm2.gguf");
    writeTinyGguf(other, { architecture: "internlm2", tied: false });
    await expect(resolveAdapter(exported, other)).rejects.toMatchObject({
      message: expect.stringMatching(/is for the architecture "internlm2"/) as string,
    });
  });
});

describe("harmonic model export", () => {
  const base = join(folder, "named.gguf");
  const adapter = join(folder, "named-adapter.gguf");

  beforeAll(() => {
    writeTinyGguf(base);
    writeFullAdapter(adapter);
  });

  it("notes the base that it is given, and reads the heads of a Hugging Face folder", async () => {
    const hub = fresh();
    mkdirSync(hub);
    const shape = { num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 2 };
    writeFileSync(join(hub, "config.json"), JSON.stringify(shape));
    const [out, expected] = [fresh(), fresh()];
    const { code, stdout, stderr } = await harmonic([
      "model",
      "export",
      adapter,
      "--peft",
      out,
      "--base",
      hub,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.toString()).toBe(
      `${join(out, "adapter_config.json")}\n${join(out, "adapter_model.safetensors")}\n`,
    );
    const config = JSON.parse(readFileSync(join(out, "adapter_config.json"), "utf8")) as object;
    expect(config).toMatchObject({ base_model_name_or_path: hub });
    await exportAdapter({ adapter, out: expected, base });
    const weights = (path: string) => readFileSync(join(path, "adapter_model.safetensors"));
    expect(weights(out).equals(weights(expected))).toBe(true);
  });

  it("names each module where not every layer has it, and other ranks by pattern", async () => {
    const some = join(folder, "some.gguf");
    writeTinyAdapter(some);
    const out = fresh();
    await exportAdapter({ adapter: some, out, base });
    const config = JSON.parse(readFileSync(join(out, "adapter_config.json"), "utf8")) as object;
    expect(config).toMatchObject({
      target_modules: [
        "model.layers.0.self_attn.q_proj",
        "model.layers.0.self_attn.v_proj",
        "model.layers.1.mlp.down_proj",
      ],
      rank_pattern: {},
    });
  });

  it.each<[string, () => string[], number, RegExp]>([
    [
      "a llama adapter whose base is not known",
      () => [adapter, "--peft", fresh()],
      2,
      /the heads of the base of .* are not known/,
    ],
    [
      "a base that is only named",
      () => [adapter, "--peft", fresh(), "--base", "a/b"],
      2,
      /heads of the base/,
    ],
    ["a model", () => [base, "--peft", fresh()], 1, /to be a LoRA adapter but it is another kind of GGUF/],
    ["no folder", () => [adapter], 2, /expected a path for `peft`/],
    [
      "a matrix that PEFT has no name for",
      () => {
        const path = join(folder, "head.gguf");
        writeTinyAdapter(path, { targets: { "output.weight": [64, 64] } });
        return [path, "--peft", fresh(), "--base", base];
      },
      1,
      /changes output\.weight, which cannot be exported/,
    ],
    [
      "heads that the rows do not share",
      () => {
        const path = join(folder, "odd.gguf");
        writeTinyAdapter(path, { targets: { "blk.0.attn_q.weight": [64, 60] } });
        return [path, "--peft", fresh(), "--base", base];
      },
      1,
      /made for another base model: blk\.0\.attn_q\.weight has 60 rows/,
    ],
  ])("refuses %s", async (_name, argv, code, message) => {
    const result = await harmonic(["model", "export", ...argv()]);
    expect(result).toMatchObject({ code, stderr: expect.stringMatching(message) as string });
  });
});

describe("harmonic sample --adapter", () => {
  const base = join(folder, "sampled.gguf");
  const adapter = join(folder, "sampled-adapter.gguf");
  const run = join(folder, "run");
  const peft = join(folder, "sampled-peft");
  const table = join(folder, "table.csv");
  const sample = (out: string, ...more: string[]) =>
    harmonic(["sample", run, "--out", out, "--rows", "12", "--threads", "1", "--quiet", ...more]);

  beforeAll(async () => {
    writeTinyGguf(base);
    writeFullAdapter(adapter);
    await exportAdapter({ adapter, out: peft, base });
    const rows = Array.from({ length: 30 }, (_, i) => `${i % 7},${i % 2 ? "yes" : "no"}\n`);
    writeFileSync(table, `a,b\n${rows.join("")}`);
    const argv = ["preprocess", table, "--out", run, "--k", "2", "--export", "trl", "--quiet"];
    const { code, stderr, stdout } = await harmonic(argv);
    if (code !== 0) throw new Error(stderr);
    expect(stdout.toString()).toContain(join(run, "instructions.trl.jsonl"));
  });

  it("draws the same rows from a PEFT folder as from the adapter, in a folder that trained none", async () => {
    const [one, other] = [join(folder, "one.csv"), join(folder, "other.csv")];
    expect(await sample(one, "--adapter", adapter, "--base", base)).toMatchObject({ code: 0, stderr: "" });
    expect(await sample(other, "--adapter", peft, "--base", base)).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(one, "utf8")).toBe(readFileSync(other, "utf8"));
    expect(readFileSync(one, "utf8").trim().split("\n")).toHaveLength(13);
  });

  it("draws the same rows from the merged model", async () => {
    const [one, other] = [join(folder, "adapted.csv"), join(folder, "merged.csv")];
    const merged = join(folder, "merged.gguf");
    const nothing = join(folder, "zero.gguf");
    await mergeAdapter({ base, adapter, out: merged });
    writeFullAdapter(nothing, {}, { size: 0 });
    expect(await sample(one, "--adapter", adapter, "--base", base)).toMatchObject({ code: 0 });
    expect(await sample(other, "--adapter", nothing, "--base", merged)).toMatchObject({ code: 0 });
    expect(readFileSync(one, "utf8")).toBe(readFileSync(other, "utf8"));
  });

  it("leaves the instructions for TRL beside those of the run, one a group", () => {
    const lines = (name: string) => readFileSync(join(run, name), "utf8").trim().split("\n");
    expect(lines("instructions.trl.jsonl")).toHaveLength(lines("instructions.jsonl").length);
  });

  it("asks for the base where the folder has none, and for an adapter that exists", async () => {
    const out = join(folder, "none.csv");
    expect(await sample(out, "--adapter", peft)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/names no base model\nhint: .*--base/) as string,
    });
    expect(await sample(out, "--adapter", join(folder, "nothing"), "--base", base)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nothing does not exist/) as string,
    });
    expect(await sample(out)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no trained adapter yet\nhint: .*--adapter/) as string,
    });
  });
});
