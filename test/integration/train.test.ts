import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLora } from "../../src/model/lora";
import { readTrainingLog, type TrainingLogEntry } from "../../src/train/log";
import { train, type TrainOptions } from "../../src/train/train";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { trainOptions } from "../support/train";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
beforeAll(() => writeTinyGguf(base));

it("writes an rsLoRA adapter with the alpha that gives readers of alpha / rank the same scale", async () => {
  const options = trainOptions(folder, "rslora", base, { rank: 16, alpha: 8, rslora: true, epochs: 1 });
  await train(options);
  expect((await readLora(options.adapter)).alpha).toBe(8 * 4);
});

it("with dropout learns otherwise, the same however it is interrupted and packed", async () => {
  const settings = { dropout: 0.2, epochs: 3 };
  const [plain, whole, interrupted, small] = await Promise.all(
    [{ dropout: 0, epochs: 3 }, settings, settings, { ...settings, microBatchTokens: 16 }].map(
      async (s, i) => {
        const options = trainOptions(folder, `dropout${i}`, base, s);
        if (i === 2) await trainInterrupted(options, 8);
        else await train(options);
        return { bytes: readFileSync(options.adapter), log: await readTrainingLog(options.log) };
      },
    ),
  );
  expect(interrupted!.bytes.equals(whole!.bytes)).toBe(true);
  // B is zero before the first update
  expect(plain!.log[1]!.loss).not.toBe(whole!.log[1]!.loss);
  whole!.log.forEach(({ loss }, i) => expect(small!.log[i]!.loss).toBeCloseTo(loss, 3));
});

/** The first line of a checkpoint. */
function headerOf(path: string): { step: number; pending?: unknown; validation?: unknown } {
  const bytes = readFileSync(path);
  return JSON.parse(bytes.toString("utf8", 0, bytes.indexOf(10))) as { step: number };
}

/** Trains with interruptions, each when the signal is looked at for the `looks`th time: in a step or in a validation. */
async function trainInterrupted(options: TrainOptions, looks: number): Promise<{ inValidation: number }> {
  let inValidation = 0;
  for (;;) {
    const { signal } = new AbortController();
    let left = looks;
    Object.defineProperty(signal, "aborted", { get: () => --left < 0 });
    try {
      await train({ ...options, signal });
      return { inValidation };
    } catch (error) {
      expect(error).toMatchObject({ code: "E_ABORTED" });
      if (headerOf(options.checkpoint).pending) inValidation++;
    }
  }
}

describe("validation", () => {
  // A rate that learns fast and then too much: the best is not the last.
  const overfitting = { learningRate: 0.01, epochs: 16, validateEvery: 3, schedule: "constant" } as const;
  const whole = trainOptions(folder, "whole", base, overfitting);
  let log: TrainingLogEntry[];
  let looks: TrainingLogEntry[];
  let result: Awaited<ReturnType<typeof train>>;

  beforeAll(async () => {
    result = await train(whole);
    log = await readTrainingLog(whole.log);
    looks = log.filter(({ validationLossPerRow }) => validationLossPerRow !== undefined);
  });

  it("looks at the holdout regularly and at the end, in all and by column", () => {
    const steps = log.map(({ step }) => step);
    expect(looks.map(({ step }) => step)).toEqual(
      steps.filter((step) => step % 3 === 0 || step === steps.length),
    );
    for (const { validationLossPerRow, validationLossPerColumn } of looks) {
      expect(Object.keys(validationLossPerColumn!).sort()).toEqual(["age", "group", "income", "label"]);
      const sum = Object.values(validationLossPerColumn!).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(validationLossPerRow!, 6);
    }
  });

  it("keeps the adapter of the best look", async () => {
    const best = looks.reduce((a, b) => (b.validationLossPerRow! < a.validationLossPerRow! ? b : a));
    expect(best.step).toBeLessThan(log.length);
    expect(result).toMatchObject({ bestStep: best.step, steps: log.length });
    expect(result.validationLossPerRow!.after).toBe(best.validationLossPerRow);
    expect(result.validationLossPerRow!.before).toBeGreaterThan(best.validationLossPerRow!);
  });

  it("gives the same adapter, byte for byte, however often it is interrupted", async () => {
    const options = trainOptions(folder, "interrupted", base, overfitting);
    expect((await trainInterrupted(options, 6)).inValidation).toBeGreaterThan(0);
    expect(readFileSync(options.adapter).equals(readFileSync(whole.adapter))).toBe(true);
    const losses = (entries: TrainingLogEntry[]) =>
      entries.map(({ step, loss, validationLossPerRow }) => ({ step, loss, validationLossPerRow }));
    expect(losses(await readTrainingLog(options.log))).toEqual(losses(log));
  });

  it("ends early after `patience` looks without a better one, with the same adapter", async () => {
    const options = trainOptions(folder, "patient", base, { ...overfitting, patience: 2 });
    const early = await train(options);
    expect(early.steps).toBe(early.bestStep! + 6);
    expect(early.steps).toBeLessThan(result.steps);
    expect(existsSync(options.checkpoint)).toBe(false);
  });

  it("changes nothing in what is learnt", async () => {
    const options = trainOptions(folder, "blind", base, { ...overfitting, validateEvery: 0 });
    const blind = await train(options);
    expect(blind.bestStep).toBeUndefined();
    expect((await readTrainingLog(options.log)).map(({ loss }) => loss)).toEqual(log.map(({ loss }) => loss));
    expect(blind.validationLossPerRow!.after).toBeCloseTo(looks.at(-1)!.validationLossPerRow!, 6);
  });

  it("refuses patience where nothing is looked at", async () => {
    const { holdout: _holdout, ...without } = trainOptions(folder, "none", base, { patience: 2 });
    await expect(train(without)).rejects.toMatchObject({ code: "E_USAGE" });
    const never = trainOptions(folder, "none", base, { patience: 2, validateEvery: 0 });
    await expect(train(never)).rejects.toMatchObject({ code: "E_USAGE" });
  });
});

/** Trains for one step. */
async function oneStep(options: TrainOptions): Promise<void> {
  const abort = new AbortController();
  const interrupted = train({ ...options, signal: abort.signal, onProgress: () => abort.abort() });
  await expect(interrupted).rejects.toMatchObject({ code: "E_ABORTED" });
}

it("stops where the loss explodes, with a checkpoint of the best adapter", async () => {
  const options = trainOptions(folder, "exploding", base, { learningRate: 0.01, validateEvery: 1 });
  await oneStep(options);
  // As though the loss had begun near 0: what it comes to within some steps is more than three times that.
  const bytes = readFileSync(options.checkpoint);
  const changed = JSON.stringify({ ...headerOf(options.checkpoint), loss: { first: 0.1, smoothed: 0 } });
  writeFileSync(options.checkpoint, Buffer.concat([Buffer.from(changed), bytes.subarray(bytes.indexOf(10))]));
  await expect(train(options)).rejects.toMatchObject({
    code: "E_MODEL",
    message: expect.stringContaining("the loss has exploded at step") as string,
    hint: "train with a smaller --learning-rate than 0.01",
  });
  expect(existsSync(options.adapter)).toBe(false);
  const log = await readTrainingLog(options.log);
  const looks = log.filter(({ validationLossPerRow }) => validationLossPerRow !== undefined);
  expect(looks.length).toBeGreaterThan(2);
  const best = looks.reduce((a, b) => (b.validationLossPerRow! < a.validationLossPerRow! ? b : a));
  expect(headerOf(options.checkpoint)).toMatchObject({
    step: best.step,
    validation: { best: { step: best.step } },
  });
});

it("refuses a cap of uses where the groups are no neighbours", async () => {
  await expect(train(trainOptions(folder, "cap", base, { maxUses: 2 }))).rejects.toMatchObject({
    code: "E_USAGE",
    message: "expected `groups` knn for `maxUses`",
  });
});

it("refuses a checkpoint that is cut short", async () => {
  const options = trainOptions(folder, "cut", base);
  await oneStep(options);
  writeFileSync(options.checkpoint, readFileSync(options.checkpoint).subarray(0, -8));
  await expect(train(options)).rejects.toMatchObject({
    code: "E_RUN",
    message: expect.stringContaining("damaged") as string,
  });
});
