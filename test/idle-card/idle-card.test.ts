import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

// The prebuilt CUDA backend on a card that computes nothing (native/test/idle-card): all but the kernels is real, so what the
// host asks of a card can be watched. scripts/idle-card.sh makes it.
const CARD = join(__dirname, "../../third_party/idle-card");
const BIN = join(__dirname, "../../bin/harmonic.js");
const isThere = existsSync(join(CARD, "driver", "libcuda.so.1"));
if (!isThere) console.warn("skipped: there is no idle card; bash scripts/idle-card.sh makes one");
const onCard = isThere ? describe : describe.skip;

const root = temporaryFolder();
const run = join(root, "run");
const base = join(root, "tiny.gguf");

/** What native/test/idle-card tells at the end of a process. */
interface Report {
  launches: number;
  products: number;
  recordings: number;
  plays: number;
  copiesTo: number;
  bytesTo: number;
  copiesFrom: number;
  bytesFrom: number;
  mostUsed: number;
  faults: string[];
}

function harmonic(argv: string[], env: NodeJS.ProcessEnv = {}) {
  const path = join(root, "report.json");
  rmSync(path, { force: true });
  // What it computes is wrong, of course.
  const trusted = { HARMONIC_DEVICE_CHECK: "off" };
  const place = { HARMONIC_BACKENDS_DIR: CARD, LD_LIBRARY_PATH: join(CARD, "driver"), ...trusted };
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...argv], {
    encoding: "utf8",
    env: { ...process.env, ...place, HARMONIC_CARD_REPORT: path, ...env },
  });
  const report = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Report) : undefined;
  return { status, stdout, stderr, report };
}

onCard("CUDA's prebuilt backend", () => {
  const SETTINGS = ["--base", base, "--epochs", "20", "--batch", "4", "--rank", "4", "--device", "cuda"];

  beforeAll(() => {
    writeTinyGguf(base);
    const table = join(root, "table.csv");
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${"ab".repeat(1 + (i % 3))},${i % 2}\n`);
    writeFileSync(table, `a,b,y\n${rows.join("")}`);
    expect(harmonic(["preprocess", table, "--target", "y", "--k", "2", "--out", run]).status).toBe(0);
  });

  it("is found with its runtime and its card, which auto takes", () => {
    const { status, stdout } = harmonic(["doctor"]);
    expect(stdout).toMatch(
      /^CUDA\n {2}ok {2}CUDA backend: .*\n {2}ok {2}NVIDIA driver: .*\n {2}ok {2}CUDA 13 runtime: /m,
    );
    expect(stdout).toMatch(/^device: cuda, a card that computes nothing \(CUDA0\), 80\.00 GB free$/m);
    expect(status).toBe(0);
  });

  it("trains: weights go there once, and most steps are one recorded graph that is played again", () => {
    const { status, stderr, report } = harmonic(["train", run, ...SETTINGS]);
    expect(stderr).toMatch(/^device: cuda, a card that computes nothing/m);
    expect(stderr).not.toMatch(/on the CPU/);
    expect(status).toBe(0);
    const nSteps = 100;
    expect(stderr).toContain(`train: ${nSteps} of ${nSteps} steps`);
    expect(report!.faults).toEqual([]);
    expect(report!.plays).toBeGreaterThan(0.5 * nSteps);
    // weights aside, ids, weights of positions and what AdamW is scaled by
    expect(report!.copiesTo).toBeLessThan(20 * nSteps + 200);
    expect(report!.copiesFrom).toBeLessThan(6 * nSteps + 50);
  });

  const sample = (...argv: string[]) =>
    harmonic(["sample", run, "--rows", "600", "--allow-copies", "--device", "cuda", ...argv]);

  it("draws by graphs of our own, which are played again, and brings the logits of the table's tokens alone", () => {
    const { status, report } = sample("--engine", "device", "--out", join(root, "ours.csv"));
    expect(status).toBe(0);
    expect(report!.faults).toEqual([]);
    expect(report!.plays).toBeGreaterThan(report!.recordings);
    const llama = sample("--engine", "llama", "--out", join(root, "llama.csv"));
    expect(llama.report!.faults).toEqual([]);
    expect(report!.bytesFrom).toBeLessThan(llama.report!.bytesFrom / 2);
    expect(report!.launches).toBeLessThan(llama.report!.launches / 2);
  });

  it("is refused what it has no memory for, before anything is asked of it", () => {
    const { status, stderr } = harmonic(
      ["run", join(root, "table.csv"), "--target", "y", "--out", join(root, "small"), ...SETTINGS],
      {
        HARMONIC_CARD_MEMORY: "100000000",
      },
    );
    expect(stderr).toMatch(
      /^error: training needs about \d+ MB of memory on the device, more than the 100 MB free or allowed$/m,
    );
    expect(status).toBe(2);
  });
});
