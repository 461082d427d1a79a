import { loadAddon } from "../../src/native/load";
import type { LabelSets, TrainBatch } from "../../src/native/addon";
import { benchmarkCache } from "../harness/cache";
import { report, trialArguments } from "../harness/child";
import { Random } from "../../src/random";
import { ALL_ALLOWED } from "../../src/sample/choices";
import type { ScratchTrial } from "./scratch-trials";

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
/** Steps before the first that is timed. */
const WARM_UP = 2;

/** One process of full training from scratch: steps of forward, backward and update on random rows of tokens. */
async function main(): Promise<void> {
  const trial = trialArguments<ScratchTrial & { threads: number; softmax: "column" | "full" }>();
  const path = benchmarkCache("scratch.gguf");
  const { shape, nVocabulary, nTokens, batch, threads } = trial;
  await loadAddon().writeScratchModel({ ...shape, path, nVocabulary, seed: 1 });
  const trainer = await loadAddon().openFullTrainer({
    path,
    threads,
    vocabulary: new Int32Array(0),
    allowedSets: trial.softmax === "column" ? columnSets(nVocabulary, nTokens) : ALL_ALLOWED,
  });
  const random = new Random(1);
  const tokens_per_second: number[] = [];
  const rows_per_second: number[] = [];
  for (let step = 0; step < WARM_UP + trial.steps; step++) {
    const rows = randomRows(random, trial);
    const started = process.hrtime.bigint();
    await trainer.accumulate(rows);
    await trainer.update({ learningRate: trial.learningRate, weightDecay: 0.01, clip: 1, ...ADAM });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (step < WARM_UP) continue;
    tokens_per_second.push((batch * nTokens) / seconds);
    rows_per_second.push(batch / seconds);
  }
  trainer.close();
  report({ tokens_per_second, rows_per_second });
}

/** Every column owns an equal range of ids. */
function columnSets(nVocabulary: number, nColumns: number): LabelSets {
  return {
    offsets: Int32Array.from({ length: nColumns + 1 }, (_, column) => (column * nVocabulary) / nColumns),
    labels: Int32Array.from({ length: nVocabulary }, (_, id) => id),
  };
}

/** Rows of one token a column; each predicts the next column, the last one the first. */
function randomRows(random: Random, { batch, nTokens, nVocabulary }: ScratchTrial): TrainBatch {
  const n = batch * nTokens;
  const width = nVocabulary / nTokens;
  const draw = (column: number): number => column * width + random.nextInt(width);
  return {
    tokens: Int32Array.from({ length: n }, (_, i) => draw(i % nTokens)),
    groupOffsets: Int32Array.from({ length: batch + 1 }, (_, g) => g * nTokens),
    lossPositions: Int32Array.from({ length: n }, (_, i) => i),
    labels: Int32Array.from({ length: n }, (_, i) => draw((i + 1) % nTokens)),
    sets: Int32Array.from({ length: n }, (_, i) => (i + 1) % nTokens),
    weights: new Float32Array(n).fill(1 / n),
  };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
