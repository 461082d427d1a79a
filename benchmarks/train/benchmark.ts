import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_BASE } from "../../src/model/registry";
import { type ResolvedBase, resolveBase } from "../../src/model/resolve";
import { loadAddon } from "../../src/native/load";
import { benchmarkCache } from "../harness/cache";
import { nodeTrial } from "../harness/child";
import { convertBase } from "../harness/convert-base";
import { interleave } from "../harness/interleave";
import { medianOf, ratiosOf } from "../harness/measure";
import { PYTHON_PEERS, pythonWith } from "../harness/python";
import type { Benchmark, Measurement, Settings, Trial } from "../harness/trial";
import { diabetesLessons } from "../tasks/diabetes";
import { scratchRatios, scratchTrials } from "./scratch-trials";

const THREADS = [1, 2];
const TASK = "diabetes, LoRA on smollm2-135m";

/** What both subjects do alike: groups of six rows, two of them a step, so that a step is about 512 tokens. */
const COMMON = { rank: 16, alpha: 32, learningRate: 1e-3, groupsPerStep: 2, steps: 4 };
export type TrainTrial = typeof COMMON & { threads: number };

/** Training a LoRA adapter on the groups of the diabetes table, and a model from scratch: ours, and PyTorch (with PEFT). */
export async function trainBenchmark(): Promise<Benchmark> {
  const base = await resolveBase(DEFAULT_BASE);
  const python = await pythonWith(PYTHON_PEERS);
  const model = await convertBase(python, base);
  const lessons = await writeLessons(base);
  const ours = ["int8", "bf16", "f32"].flatMap((weights) =>
    THREADS.map((threads): Trial => {
      const settings = { weights, threads, loss: "every row" };
      const command = nodeTrial(join(__dirname, "ours.ts"), { ...COMMON, base: base.path, weights, threads });
      return { subject: "harmonic", task: TASK, settings, command };
    }),
  );
  const theirs = ["bf16", "f32"].flatMap((weights) =>
    THREADS.map((threads): Trial => {
      const settings = { weights, threads, loss: "last row" };
      const trial = JSON.stringify({ ...COMMON, weights, threads, lessons, model: join(model, weights) });
      const command = [python, join(__dirname, "peft-trial.py"), trial];
      const env = {
        OMP_NUM_THREADS: String(threads),
        MKL_NUM_THREADS: String(threads),
        GOMP_SPINCOUNT: "1000",
      };
      return { subject: "peft", task: TASK, settings, command, env };
    }),
  );
  const scratch = scratchTrials(python, THREADS);
  return {
    name: "train",
    metrics: [
      { name: "tokens_per_second", unit: "tokens/s" },
      { name: "rows_per_second", unit: "rows learned/s" },
      { name: "peak_memory", unit: "MB" },
    ],
    trials: [...interleave(ours, theirs), ...interleave(scratch.ours, scratch.theirs)],
    rounds: 1,
    ratios,
  };
}

/** Ours with 8-bit weights, the default, against the peer; on two threads unless the key says otherwise. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const of = (subject: string, metric: string, settings: Settings): number | undefined =>
    medianOf(measurements, { subject, metric, settings });
  const two = (weights: string): Settings => ({ weights, threads: 2 });
  const one = (weights: string): Settings => ({ weights, threads: 1 });
  const tokens = "tokens_per_second";
  const adapter = ratiosOf({
    tokens_vs_peft_bf16: [of("harmonic", tokens, two("int8")), of("peft", tokens, two("bf16"))],
    tokens_vs_peft_f32: [of("harmonic", tokens, two("int8")), of("peft", tokens, two("f32"))],
    tokens_vs_peft_bf16_1_thread: [of("harmonic", tokens, one("int8")), of("peft", tokens, one("bf16"))],
    tokens_vs_peft_f32_1_thread: [of("harmonic", tokens, one("int8")), of("peft", tokens, one("f32"))],
    tokens_bf16_vs_peft_bf16: [of("harmonic", tokens, two("bf16")), of("peft", tokens, two("bf16"))],
    tokens_f32_vs_peft_f32: [of("harmonic", tokens, two("f32")), of("peft", tokens, two("f32"))],
    memory_vs_peft: [of("harmonic", "peak_memory", two("int8")), of("peft", "peak_memory", two("bf16"))],
    rows_vs_peft: [
      of("harmonic", "rows_per_second", two("int8")),
      of("peft", "rows_per_second", two("bf16")),
    ],
  });
  return { ...adapter, ...scratchRatios(measurements, THREADS) };
}

/** The groups as the peer reads them: token ids, and the positions of the last row's tokens. */
async function writeLessons(base: ResolvedBase): Promise<string> {
  const model = await loadAddon().openModel({ path: base.path, vocabularyOnly: true });
  const n = COMMON.groupsPerStep * (COMMON.steps + 1);
  const { lessons } = await diabetesLessons(model, n, { loss: "last", vocabulary: "full" });
  model.close();
  const path = benchmarkCache("train-diabetes.json");
  const plain = lessons.map(({ tokens, lossPositions }) => ({
    tokens: [...tokens],
    lossPositions: [...lossPositions],
  }));
  writeFileSync(path, JSON.stringify(plain));
  return path;
}
