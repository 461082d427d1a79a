import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LimitedTraining } from "../support/limited-training";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const root = join(__dirname, "../..");

/** Trains in a process of its own, whose memory is its own too. */
function trainWithin(name: string, limit: number): LimitedTraining {
  const script = join(root, "test/support/limited-training.ts");
  const args = ["-r", join(root, "benchmarks/register.js"), script, folder, name, base, String(limit)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as LimitedTraining;
}

const adapterOf = (name: string): Buffer => readFileSync(join(folder, `${name}.gguf`));

let free: LimitedTraining;
beforeAll(() => {
  // Deep and wide for so few rows: what is kept for the backward pass is most of the memory.
  writeTinyGguf(base, { nLayers: 24, nEmbedding: 128, nFeedForward: 512 });
  free = trainWithin("free", 0);
});

it("says beforehand what it will take, and takes no more", () => {
  expect(free.plan!.memory.recompute).toBe(false);
  expect(free.peak).toBeLessThan(free.plan!.memory.bytes);
});

it("computes blocks again where memory is short, with the same adapter", () => {
  const limit = Math.floor(0.7 * free.peak);
  const { plan, peak } = trainWithin("short", limit);
  expect(plan!.memory).toMatchObject({ recompute: true, microBatchTokens: 8192 });
  expect(peak).toBeLessThan(limit);
  expect(adapterOf("short").equals(adapterOf("free"))).toBe(true);

  const less = plan!.memory.bytes - 20e6;
  const small = trainWithin("shorter", less);
  expect(small.plan!.memory).toMatchObject({ recompute: true });
  expect(small.plan!.memory.microBatchTokens).toBeLessThan(8192);
  expect(small.peak).toBeLessThan(less);
  expect(small.lossPerRow).toBeCloseTo(free.lossPerRow!, 3);
});

it("refuses beforehand what cannot fit, with the figure", () => {
  const { error, plan } = trainWithin("none", 20e6);
  expect(plan).toBeUndefined();
  expect(error).toMatchObject({
    code: "E_USAGE",
    message: expect.stringMatching(
      /^training needs about \d+ MB of memory, more than the 20 MB allowed$/,
    ) as string,
    hint: "allow more, or use a smaller base model, a lower --rank, a smaller --k, or --weights int8",
  });
});
