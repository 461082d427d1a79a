import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation } from "../../src/evaluate/evaluation";
import { readLora } from "../../src/model/lora";
import { harmonic } from "../support/cli";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

// A card that fails when the environment says so: native/test/faulty-device.cpp. It is a backend like any other, so that a
// process of its own finds, checks and loads it; no other test is to see it.
const CARD = join(__dirname, "../../build/Release/faulty-device");
const BIN = join(__dirname, "../../bin/harmonic.js");
/** It has a name that is looked for wherever no system library is. */
const ON_CARD = ["--device", "metal", "--threads", "1"];
const onLinux = process.platform === "linux" ? describe : describe.skip;

const root = temporaryFolder();
const base = join(root, "tiny.gguf");
const table = join(root, "table.csv");

interface Faults {
  /** bytes that it has */
  memory?: number;
  /** computations behind which another program has taken what is left */
  fullAfter?: number;
  /** computations behind which its driver is gone */
  lostAfter?: number;
  /** what it computes is wrong */
  wrong?: boolean;
}

function onCard(argv: string[], { memory, fullAfter, lostAfter, wrong }: Faults = {}, place = ON_CARD) {
  const env: NodeJS.ProcessEnv = { ...process.env, HARMONIC_BACKENDS_DIR: CARD };
  if (memory !== undefined) env.HARMONIC_FAULTY_MEMORY = String(memory);
  if (fullAfter !== undefined) env.HARMONIC_FAULTY_FULL_AFTER = String(fullAfter);
  if (lostAfter !== undefined) env.HARMONIC_FAULTY_LOST_AFTER = String(lostAfter);
  if (wrong === true) env.HARMONIC_FAULTY_WRONG = "1";
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...argv, ...place], {
    encoding: "utf8",
    env,
  });
  return { status, stdout, stderr };
}

/** Texts are of several lengths, so that steps differ in size. */
function writeTable(path: string, nRows: number): void {
  const text = (i: number): string => "ab".repeat(1 + ((i * 5) % 9));
  const rows = Array.from({ length: nRows }, (_, i) => `${i % 7},${text(i)},${i % 2 ? "yes" : "no"}\n`);
  writeFileSync(path, `a,b,y\n${rows.join("")}`);
}

beforeAll(() => {
  writeTinyGguf(base);
  writeTable(table, 60);
});

async function preprocessed(name: string): Promise<string> {
  const out = join(root, name);
  const { code } = await harmonic(["preprocess", table, "--target", "y", "--k", "2", "--out", out]);
  expect(code).toBe(0);
  return out;
}

onLinux("training on a card that fails", () => {
  const SETTINGS = [
    "--base",
    base,
    "--epochs",
    "6",
    "--batch",
    "2",
    "--rank",
    "4",
    "--checkpoint-every",
    "0",
  ];
  const train = (folder: string, faults?: Faults, place?: string[]) =>
    onCard(["train", folder, ...SETTINGS], faults, place);
  const adapter = (folder: string): Buffer => readFileSync(join(folder, "adapter.gguf"));
  let whole: string;

  beforeAll(async () => {
    whole = await preprocessed("whole");
    const { status, stderr } = train(whole);
    expect(stderr).toMatch(/^device: metal, a faulty card \(FAULTY0\), 1\.00 GB free$/m);
    expect(status).toBe(0);
  });

  it.each([
    [
      "its driver is gone",
      { lostAfter: 60 },
      /^error: .* failed on the device FAULTY0: vk::Queue::submit: ErrorDeviceLost$/m,
    ],
    [
      "its memory is taken by another program",
      { fullAfter: 60 },
      /^error: not enough memory on the device FAULTY0 for a training step of \d+ tokens$/m,
    ],
  ])("goes on to the same adapter: %s", async (name, faults, message) => {
    const folder = await preprocessed(name.replaceAll(" ", "-"));
    const failed = train(folder, faults);
    expect(failed.stderr).toMatch(message);
    expect(failed.stderr).toMatch(/^hint: /m);
    expect(failed.status).toBe(1);
    expect(existsSync(join(folder, "adapter.gguf"))).toBe(false);
    const { status, stderr } = train(folder);
    expect(stderr).toMatch(/going on after [1-9]/);
    expect(status).toBe(0);
    expect(adapter(folder).equals(adapter(whole))).toBe(true);
  });

  it("is planned by what the card has, and refused where that is too little", async () => {
    const folder = await preprocessed("small");
    const { status, stderr } = train(folder, { memory: 2_000_000 });
    expect(stderr).toMatch(
      /^error: training needs about \d+ MB of memory on the device, more than the 2 MB free or allowed$/m,
    );
    expect(status).toBe(2);
  });

  it("is refused where the card gives other gradients than the processor, and auto takes the processor", async () => {
    const wrong = "a faulty card is not to be trained on: its gradients are 0.4 off the processor's";
    const folder = await preprocessed("refused");
    const refused = train(folder, { wrong: true });
    expect(refused.stderr).toContain(`error: ${wrong}, expected 0.1 at most\nhint: take --device cpu`);
    expect(refused.status).toBe(1);
    const { status, stderr } = train(folder, { wrong: true }, ["--threads", "1"]);
    expect(stderr).toContain(`all of it on the CPU (${wrong}, expected 0.1 at most)`);
    expect(status).toBe(0);
    const onCpu = await preprocessed("on-cpu");
    expect(train(onCpu, {}, ["--threads", "1", "--device", "cpu"]).status).toBe(0);
    const matrices = async (of: string) => (await readLora(join(of, "adapter.gguf"))).matrices;
    expect(await matrices(folder)).toEqual(await matrices(onCpu));
  });

  it("is scored on the processor too where auto has taken a card that is wrong, which the scores tell", () => {
    const out = join(root, "scored");
    const longer = join(root, "longer.csv");
    writeTable(longer, 160); // enough for scores
    const argv = ["run", longer, "--target", "y", ...SETTINGS, "--out", out, "--lle", "--threads", "1"];
    const { status, stderr } = onCard(argv, { wrong: true }, []);
    expect(stderr).toMatch(/^device: metal, a faulty card/m);
    expect(status).toBe(0);
    const { metrics } = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")) as Evaluation;
    for (const name of ["data-leakage", "llm-efficiency"]) {
      const { notes } = metrics.find((metric) => metric.name === name)!.scores[0]!;
      expect(notes.join("\n")).toMatch(/^computed on the CPU: a faulty card is not to be trained on: its /m);
    }
  });

  const sample = (name: string, faults?: Faults) => {
    const out = join(root, name);
    const argv = ["sample", whole, "--out", out, "--rows", "512", "--n-sequences", "64", "--json"];
    return { ...onCard([...argv, "--allow-copies"], faults), out };
  };

  it("draws by llama.cpp where our graphs give other logits there than on the processor", () => {
    const { status, stderr } = sample("wrong.csv", { wrong: true });
    expect(stderr).toContain(
      "a faulty card draws by llama.cpp, which is slower: its logits are 1 off the processor's, expected 0.1 at most",
    );
    expect(status).toBe(0);
    expect(sample("right.csv").stderr).not.toContain("llama.cpp");
  });

  it("gives rows that are kept where the driver is gone while others are drawn", () => {
    const drawnOf = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as { drawn: number }).drawn;
    const expected = sample("expected.csv");
    expect(drawnOf(expected)).toBe(512);
    const failed = sample("rows.csv", { lostAfter: 70 });
    expect(failed.stderr).toMatch(/^error: .*ErrorDeviceLost/m);
    expect(failed.status).toBe(1);
    expect(existsSync(failed.out)).toBe(false);
    const again = sample("rows.csv");
    expect(drawnOf(again)).toBe(256);
    expect(readFileSync(again.out, "utf8")).toBe(readFileSync(expected.out, "utf8"));
  });
});

onLinux("a card's backend", () => {
  it("is listed by harmonic doctor, with its card, which auto takes", () => {
    const { status, stdout } = spawnSync(process.execPath, [BIN, "doctor"], {
      encoding: "utf8",
      env: { ...process.env, HARMONIC_BACKENDS_DIR: CARD },
    });
    expect(stdout).toMatch(
      /^Metal\n {2}ok {2}Metal backend: .*libggml-metal\.so\n {2}ok {2}Metal device: a faulty card$/m,
    );
    expect(stdout).toMatch(/^device: metal, a faulty card \(FAULTY0\), 1\.00 GB free$/m);
    expect(status).toBe(0);
  });

  it("of another release is refused by name where it is loaded", () => {
    const folder = join(root, "older");
    mkdirSync(folder);
    copyFileSync(join(CARD, "libggml-metal.so"), join(folder, "libggml-metal.so"));
    const metadata = { buildOptions: { llamaCpp: { release: "v0.4.9" } } };
    writeFileSync(join(folder, "_nlcBuildMetadata.json"), JSON.stringify(metadata));
    const { status, stderr } = spawnSync(process.execPath, [BIN, "train", root, ...ON_CARD], {
      encoding: "utf8",
      env: { ...process.env, HARMONIC_BACKENDS_DIR: folder },
    });
    expect(stderr).toContain("libggml-metal.so is of llama.cpp v0.4.9, expected v0.5.0");
    expect(status).toBe(1);
  });
});
