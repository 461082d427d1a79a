import { join } from "node:path";
import type { OpenTrainerOptions, TrainBatch, TrainerHandle } from "../../src/native/addon";
import { loadAddon } from "../../src/native/load";
import { planMemory } from "../../src/train/memory";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { ADAMW, nextTokenBatch, tinyTrainer } from "../support/tiny-training";
import { gradientsOf, randomizeAdapter } from "../support/trainer-state";

/** ggml's CPU backend in a device's place: the graphs and the memory of a device, where there is none. */
const device = loadAddon()
  .devices()
  .find(({ type }) => type === "cpu")!.name;

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
const adapter = join(folder, "adapter.gguf");
const tokens = Int32Array.from({ length: 40 }, (_, i) => (i * i * 7 + 3 * i) % 250);
const addon = loadAddon();
beforeAll(() => writeTinyGguf(base));

/** A softmax over some ids alone, of which two sets allow different ones. */
const IDS = 12;
const SETS = {
  vocabulary: Int32Array.from({ length: IDS }, (_, i) => 3 + 11 * i),
  allowedSets: Uint8Array.from({ length: 2 * IDS }, (_, i) => (i < IDS || i % 3 !== 1 ? 1 : 0)),
};

/** Groups of several lengths, one behind another; loss on some of their positions. */
function severalGroups(lengths: readonly number[]): TrainBatch {
  const groups = lengths.map((length) => nextTokenBatch(tokens.slice(0, length)));
  const starts = lengths.map((_, g) => lengths.slice(0, g).reduce((sum, length) => sum + length, 0));
  const join = (of: (batch: TrainBatch, start: number) => Int32Array): Int32Array =>
    Int32Array.from(groups.flatMap((batch, g) => [...of(batch, starts[g]!)]));
  const lossPositions = join((batch, start) => batch.lossPositions.map((p) => p + start));
  return {
    tokens: join((batch) => batch.tokens),
    groupOffsets: Int32Array.from([...starts, starts.at(-1)! + lengths.at(-1)!]),
    lossPositions,
    labels: join((batch) => batch.labels),
    sets: new Int32Array(lossPositions.length),
    weights: Float32Array.from(lossPositions, (_, i) => (1 + (i % 3)) / lossPositions.length),
  };
}

function batchOf(changes: Partial<OpenTrainerOptions>): TrainBatch {
  const whole = nextTokenBatch(tokens);
  if (changes.vocabulary === undefined) return whole;
  return { ...whole, labels: whole.labels.map((_, i) => 3 * (i % 4)), sets: whole.sets.map((_, i) => i % 2) };
}

async function open(changes: Partial<OpenTrainerOptions>): Promise<TrainerHandle> {
  const trainer = await addon.openTrainer(tinyTrainer(base, changes));
  await randomizeAdapter(trainer, adapter);
  return trainer;
}

const norm = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

function relativeError(a: Float32Array, b: Float32Array): number {
  return norm(a.map((value, i) => value - b[i]!)) / norm(a);
}

/** The floats of a state: weights, first moments, second moments. */
const floatsOf = (state: ArrayBuffer): Float32Array => new Float32Array(state, 24);

it.each<Partial<OpenTrainerOptions>>([{}, { recompute: true }, SETS, { dropout: 0.25 }])(
  "the graph of a device gives the losses and gradients of the processor's (%#)",
  async (changes) => {
    const batch = { ...batchOf(changes), dropoutSeeds: BigUint64Array.of(7n) };
    const results = [];
    for (const place of [{}, { device }]) {
      const trainer = await open({ ...changes, ...place });
      results.push(await gradientsOf(trainer, batch, folder));
      const losses = new Float32Array(await trainer.evaluate(batch));
      if (changes.dropout === undefined) expect(norm(losses)).toBeGreaterThan(1);
      trainer.close();
    }
    const [here, there] = results;
    expect(there!.loss).toBeCloseTo(here!.loss, 4);
    for (const [i, { name, values }] of here!.gradients.entries()) {
      const error = relativeError(values, there!.gradients[i]!.values);
      expect({ name, close: error < 1e-4 }).toEqual({ name, close: true });
    }
  },
);

it.each<[number[], Partial<OpenTrainerOptions>]>([
  [[7, 40, 23], {}],
  [[33, 32], { dropout: 0.25 }],
  [[40, 1, 12], { targets: ["q", "v", "up"] }],
])("groups of %j tokens, filled up to one length, count as they are (%j)", async (lengths, changes) => {
  const batch = severalGroups(lengths);
  const seeded = (seed: number): TrainBatch => ({
    ...batch,
    dropoutSeeds: BigUint64Array.from(lengths, (length) => BigInt(seed + length)),
  });
  const results = [];
  for (const place of [{}, { device }]) {
    const trainer = await open({ ...changes, ...place });
    // The second of two steps of one shape, whose graph is that of the first.
    await gradientsOf(trainer, seeded(100), folder);
    results.push({
      ...(await gradientsOf(trainer, seeded(0), folder)),
      losses: new Float32Array(await trainer.evaluate(batch)),
    });
    trainer.close();
  }
  const [here, there] = results;
  expect(there!.losses).toHaveLength(here!.losses.length);
  expect(relativeError(here!.losses, there!.losses)).toBeLessThan(1e-5);
  expect(there!.gradients.map(({ name }) => name)).toEqual(here!.gradients.map(({ name }) => name));
  for (const [i, { name, values }] of here!.gradients.entries()) {
    const error = relativeError(values, there!.gradients[i]!.values);
    expect({ name, close: error < 1e-4 }).toEqual({ name, close: true });
  }
});

it.each<Partial<OpenTrainerOptions>>([{}, { ...SETS, dropout: 0.25, weights: "bf16" }])(
  "a probe finds nothing against a device that computes what the processor does (%#)",
  async (changes) => {
    expect(await addon.trainingObstacle(tinyTrainer(base, { ...changes, device }))).toBe("");
  },
);

/** Trains some steps and tells the norms of their gradients. */
async function steps(trainer: TrainerHandle, n: number, clip: number): Promise<number[]> {
  const norms: number[] = [];
  for (let i = 0; i < n; i++) {
    // two micro-batches a step
    await trainer.accumulate(batchOf(SETS));
    await trainer.accumulate(batchOf(SETS));
    norms.push(await trainer.update({ ...ADAMW, clip, weightDecay: 0.1, learningRate: 1e-3 }));
  }
  return norms;
}

it.each([0, 0.01])("AdamW on a device makes the steps of the processor's, clipped at %d", async (clip) => {
  const [here, there] = [await open(SETS), await open({ ...SETS, device })];
  const [ours, theirs] = [await steps(here, 4, clip), await steps(there, 4, clip)];
  theirs.forEach((value, i) => expect(Math.abs(value / ours[i]! - 1)).toBeLessThan(1e-4));
  const [a, b] = [floatsOf(await here.state()), floatsOf(await there.state())];
  const n = here.nParameters();
  for (let part = 0; part < 3; part++) {
    const cut = (all: Float32Array): Float32Array => all.subarray(part * n, (part + 1) * n);
    expect(relativeError(cut(a), cut(b))).toBeLessThan(1e-3);
  }
  here.close();
  there.close();
});

it("a state that is put back on a device goes on byte for byte", async () => {
  const [first, second] = [await open({ ...SETS, device }), await open({ ...SETS, device })];
  await steps(first, 2, 1);
  const state = await first.state();
  await second.accumulate(batchOf(SETS));
  await second.setState(state);
  expect(Buffer.from(await second.state())).toEqual(Buffer.from(state));
  await steps(first, 2, 1);
  await steps(second, 2, 1);
  expect(Buffer.from(await second.state())).toEqual(Buffer.from(await first.state()));
  first.close();
  second.close();
});

it("a step whose gradient is no number changes nothing on a device", async () => {
  const trainer = await open({ device });
  const before = Buffer.from(await trainer.state());
  const batch = nextTokenBatch(tokens);
  await trainer.accumulate({ ...batch, weights: batch.weights.fill(NaN) });
  expect(await trainer.update(ADAMW)).toBeNaN();
  expect(Buffer.from(await trainer.state())).toEqual(before);
  trainer.close();
});

it("the memory of a device is planned beforehand, and less takes fewer tokens at a time", async () => {
  const options = { ...tinyTrainer(base, { device }), weights: "bf16" as const };
  const limits = { microBatchTokens: 32768, longest: 64, nGroups: 512 };
  const free = await planMemory(options, limits);
  expect(free).toMatchObject({ recompute: false, microBatchTokens: 32768 });
  const short = await planMemory(options, { ...limits, maxMemory: free.bytes / 2 });
  expect(short.recompute).toBe(true);
  expect(short.bytes).toBeLessThan(free.bytes / 2);
  const begun = { microBatchTokens: short.microBatchTokens, weights: short.weights };
  const shorter = await planMemory(options, { ...limits, begun, maxMemory: short.bytes - 1 });
  expect(shorter.microBatchTokens).toBeLessThan(short.microBatchTokens);
  await expect(planMemory(options, { ...limits, maxMemory: 1e6 })).rejects.toMatchObject({
    code: "E_USAGE",
    message: expect.stringMatching(
      /^training needs about \d+ MB of memory on the device, more than the 1 MB free or allowed$/,
    ) as string,
  });
});
