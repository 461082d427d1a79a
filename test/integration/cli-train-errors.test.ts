import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseTrainSettings } from "../../src/train/settings";
import { harmonic } from "../support/cli";
import { ggufBytes } from "../support/gguf-writer";
import { temporaryFolder } from "../support/temporary";
import { tinyGgufParts, writeTinyGguf } from "../support/tiny-gguf";

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const table = join(root, "table.csv");
const SETTINGS = ["--rank", "4", "--epochs", "20", "--threads", "1"];
let count = 0;

beforeAll(() => {
  writeTinyGguf(base);
  const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 11}.5,${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(table, `a,b,y\n${rows.join("")}`);
});

/** A run folder whose training was interrupted after some steps. */
async function interrupted(...more: string[]): Promise<string> {
  const out = join(root, `run-${count++}`);
  await harmonic(["preprocess", table, "--target", "y", "--out", out, "--k", "2", "--quiet"]);
  const abort = new AbortController();
  const argv = ["train", out, "--base", base, ...SETTINGS, "--checkpoint-every", "0", ...more];
  const { code } = await harmonic(argv, {
    signal: abort.signal,
    onStderr: (text) => text.includes("train: ") && abort.abort(),
  });
  expect({ code, checkpoint: existsSync(join(out, "checkpoint.bin")) }).toEqual({
    code: 130,
    checkpoint: true,
  });
  return out;
}

/** A base of the same shape with other weights. */
function otherBase(): string {
  const path = join(root, "other.gguf");
  writeTinyGguf(path, { seed: 2 });
  return path;
}

const train = (folder: string, ...more: string[]) =>
  harmonic(["train", folder, "--base", base, ...SETTINGS, "--quiet", ...more]);

/** One clear error: a message and a hint, no stack, nothing on stdout. */
function expectError(result: Awaited<ReturnType<typeof harmonic>>, code: number, message: RegExp): void {
  expect(result.stderr).toMatch(message);
  expect(result.stderr).toMatch(/^error: [^\n]+\n(hint: [^\n]+\n)?$/);
  expect(result).toMatchObject({ code, stdout: Buffer.alloc(0) });
}

describe("a setting of training that is wrong", () => {
  it.each<[string[], RegExp]>([
    [["--rank", "0"], /expected an integer from 1 to 1024 for `rank` but received 0/],
    [["--rank", "1.5"], /expected an integer from 1 to 1024 for `rank` but received 1\.5/],
    [["--targets", "q,x"], /expected a list of "q", "k", .* for `targets` but received \["q","x"\]/],
    [["--targets", ""], /expected a list of "q", .* for `targets`/],
    [["--learning-rate", "NaN"], /expected a number above 0 .* for `learningRate` but received "NaN"/],
    [["--learning-rate", "0"], /expected a number above 0 .* for `learningRate` but received 0/],
    [["--learning-rate", "Infinity"], /expected a number above 0 .* for `learningRate`/],
    [["--alpha", "-1"], /expected a number above 0 for `alpha` but received -1/],
    [["--weights", "q4_0"], /expected one of "auto", .* for `weights` but received "q4_0"/],
    [["--checkpoint-every", "-1"], /expected a number of at least 0 for `checkpointEvery` but received -1/],
  ])("%j is refused before anything is written", async (options, message) => {
    const out = join(root, `never-${count++}`);
    expectError(await harmonic(["run", table, "--base", base, "--out", out, ...options]), 2, message);
    expect(existsSync(out)).toBe(false);
  });

  it("is refused by the library too", () => {
    for (const wrong of [{ learningRate: NaN }, { rank: 0 }, { targets: ["x" as "q"] }]) {
      const [name] = Object.keys(wrong);
      expect(() => parseTrainSettings(wrong)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
      expect(() => parseTrainSettings(wrong)).toThrow(`\`${name}`);
    }
  });

  it("that makes the loss no number ends training with what to change", async () => {
    const out = join(root, `run-${count++}`);
    const argv = ["run", table, "--target", "y", "--base", base, "--out", out, "--quiet", ...SETTINGS];
    const wild = ["--learning-rate", "1", "--clip", "0", "--schedule", "constant", "--warmup", "0"];
    const alpha = ["--alpha", "100000"];
    expectError(
      await harmonic([...argv, ...wild, ...alpha]),
      1,
      /the (loss is no longer a number|loss has exploded|gradient has become zero) at step \d+ .*\nhint: train with a smaller --learning-rate than 1\n/,
    );
    expect(existsSync(join(out, "adapter.gguf"))).toBe(false);
  });
});

it.each(["attn_q", "ffn_gate"])(
  "a base that lacks the module of a target, %s, is refused by its name",
  async (module) => {
    const path = join(root, `without-${module}.gguf`);
    const { metadata, tensors } = tinyGgufParts();
    const name = `blk.1.${module}.weight`;
    const kept = tensors.filter((tensor) => tensor.name !== name);
    expect(kept).toHaveLength(tensors.length - 1);
    writeFileSync(path, ggufBytes(metadata, kept));
    const out = join(root, `run-${count++}`);
    const result = await harmonic(["run", table, "--base", path, "--out", out, ...SETTINGS, "--quiet"]);
    expectError(result, 1, new RegExp(`without-${module}\\.gguf.*${name.replaceAll(".", "\\.")}`));
  },
);

describe("a checkpoint", () => {
  it.each<[string, () => string[], RegExp]>([
    ["settings", () => ["--rank", "8"], /holds another run: `train\.rank` is 4 there but 8 here/],
    ["seed", () => ["--seed", "7"], /holds another run: `seed` is 0 there but 7 here/],
    [
      "base",
      () => ["--base", otherBase()],
      /holds another run: `base` is .*tiny\.gguf there but .*other\.gguf/,
    ],
  ])("of another %s is refused, and kept", async (_name, changes, message) => {
    const folder = await interrupted();
    const before = readFileSync(join(folder, "checkpoint.bin"));
    expectError(await train(folder, ...changes()), 1, message);
    expect(readFileSync(join(folder, "checkpoint.bin")).equals(before)).toBe(true);
    expect((await train(folder)).code).toBe(0);
  });

  it("that is of another folder is refused", async () => {
    const [folder, other] = [await interrupted(), await interrupted("--seed", "7")];
    copyFileSync(join(other, "checkpoint.bin"), join(folder, "checkpoint.bin"));
    const message = /checkpoint\.bin: the checkpoint belongs to other settings, data or base model/;
    expectError(await train(folder), 1, message);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["cut short", (bytes) => bytes.subarray(0, bytes.length - 100)],
    ["empty", () => Buffer.alloc(0)],
    ["no checkpoint", () => Buffer.from("once upon a time\n")],
    ["of JSON that is none of ours", () => Buffer.from("null\n")],
    [
      "with a byte changed",
      (bytes) => Buffer.concat([bytes.subarray(0, -9), Buffer.from([255]), bytes.subarray(-8)]),
    ],
  ])("that is %s is refused, and training begins anew without it", async (_name, damage) => {
    const folder = await interrupted();
    const path = join(folder, "checkpoint.bin");
    writeFileSync(path, damage(readFileSync(path)));
    expectError(await train(folder), 1, /checkpoint\.bin: the checkpoint is damaged\nhint: delete it/);
  });
});
