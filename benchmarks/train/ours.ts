import { loadAddon } from "../../src/native/load";
import { packLessons } from "../../src/train/pack";
import { parseTrainSettings } from "../../src/train/settings";
import type { WeightType } from "../../src/native/addon";
import { report, trialArguments } from "../harness/child";
import { diabetesLessons } from "../tasks/diabetes";
import type { TrainTrial } from "./benchmark";

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** One process of the trainer: steps of forward, backward and update, timed from the second on. */
async function main(): Promise<void> {
  const trial = trialArguments<TrainTrial & { base: string; weights: WeightType }>();
  const { base, weights, threads, groupsPerStep, steps } = trial;
  const settings = parseTrainSettings({ weights, threads, rank: trial.rank, alpha: trial.alpha });
  const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
  const { automaton, lessons } = await diabetesLessons(model, groupsPerStep * (steps + 1), settings);
  const trainer = await loadAddon().openTrainer({
    path: base,
    ...{ weights, threads, rank: settings.rank, alpha: settings.alpha },
    ...{ targets: settings.targets, seed: settings.seed },
    vocabulary: automaton.vocabulary,
    allowedSets: automaton.allowedSets,
  });
  const tokens_per_second: number[] = [];
  const rows_per_second: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const batch = lessons.slice(step * groupsPerStep, (step + 1) * groupsPerStep);
    const started = process.hrtime.bigint();
    for (const packed of packLessons(batch, settings.microBatchTokens)) await trainer.accumulate(packed);
    await trainer.update({ learningRate: trial.learningRate, weightDecay: 0, clip: 1, ...ADAM });
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    if (step === 0) continue;
    tokens_per_second.push(batch.reduce((n, lesson) => n + lesson.tokens.length, 0) / seconds);
    rows_per_second.push(batch.reduce((n, lesson) => n + lesson.nRows, 0) / seconds);
  }
  trainer.close();
  model.close();
  report({ tokens_per_second, rows_per_second });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
