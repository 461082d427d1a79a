import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WeightType } from "../../src/native/addon";
import { temporaryFolder } from "../support/temporary";
import { type AdapterMatrix, gradientsOf, randomizeAdapter } from "../support/trainer-state";
import { openProblem, TRAINING_CASES } from "../support/training-cases";
import { type TrainingProblem, trainBatch } from "../support/training-problem";

/** What training.py wrote: of each matrix's gradient its norm, and entries at regular distances. */
interface Reference {
  problem: TrainingProblem;
  losses: number[];
  gradients: Record<string, { norm: number; entries: number[] }>;
}

/** How near weights held so come to PyTorch in F32: loss of the first step, cosine of every gradient, loss curve. */
const LIMITS: [WeightType, { loss: number; cosine: number; norm: number; curve: number }][] = [
  ["f32", { loss: 1e-3, cosine: 0.999, norm: 0.01, curve: 0.02 }],
  ["bf16", { loss: 1e-2, cosine: 0.99, norm: 0.05, curve: 0.02 }],
  ["int8", { loss: 1e-2, cosine: 0.99, norm: 0.1, curve: 0.02 }],
];

const folder = temporaryFolder();

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** The entries of a gradient that the reference keeps. */
function kept({ values }: AdapterMatrix, n: number): number[] {
  return Array.from({ length: n }, (_, i) => values[Math.floor((i * values.length) / n)]!);
}

const norm = ({ values }: AdapterMatrix): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));

describe.each(TRAINING_CASES)("PyTorch with PEFT, $name", ({ name, large, base: findBase }) => {
  const path = join(__dirname, "reference", "training", `${name}.json`);
  const { problem, losses, gradients } = JSON.parse(readFileSync(path, "utf8")) as Reference;

  it.each(LIMITS)(
    "has the losses and gradients of our trainer over %s weights",
    async (weights, limits) => {
      const base = await findBase(folder);
      if (base === undefined) return console.warn(`${name}: skipped, its model is not on this machine`);
      const trainer = await openProblem(base, problem, weights);
      await randomizeAdapter(trainer, join(folder, `${name}-${weights}.gguf`));
      const batches = problem.batches.map(trainBatch);

      const first = await gradientsOf(trainer, batches[0]!, folder);
      expect(Math.abs(first.loss / losses[0]! - 1)).toBeLessThan(limits.loss);
      expect(first.gradients.map((matrix) => matrix.name).sort()).toEqual(Object.keys(gradients).sort());
      const ours = first.gradients.map((matrix) => kept(matrix, gradients[matrix.name]!.entries.length));
      const theirs = first.gradients.map((matrix) => gradients[matrix.name]!.entries);
      expect(cosine(ours.flat(), theirs.flat())).toBeGreaterThan(limits.cosine);
      // Rounded weights of a real model: the few entries that are kept say little of one matrix.
      const apart = first.gradients.filter((matrix, i) => {
        const alike = cosine(ours[i]!, theirs[i]!) > limits.cosine;
        return !alike || Math.abs(norm(matrix) / gradients[matrix.name]!.norm - 1) > limits.norm;
      });
      if (!large || weights === "f32") expect(apart.map((matrix) => matrix.name)).toEqual([]);

      const { learningRate, weightDecay, clip, steps } = problem;
      const optimiser = { learningRate, weightDecay, clip, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
      // Of a real model only the first steps, which take seconds each; all of them were compared when this was made.
      const nSteps = !large ? steps : weights === "f32" ? 5 : 0;
      for (let step = 0; step < nSteps; step++) {
        const batch = batches[step % batches.length]!;
        const found = new Float32Array(await trainer.accumulate(batch));
        await trainer.update(optimiser);
        const loss = found.reduce((a, b) => a + b, 0) / found.length;
        const near = Math.abs(loss / losses[step]! - 1) < limits.curve;
        expect({ step, loss, near }).toEqual({ step, loss, near: true });
      }
      trainer.close();
    },
    600_000,
  );
});
