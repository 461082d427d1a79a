import { cpus } from "node:os";
import { join } from "node:path";
import { DEFAULT_BASE } from "../../src/model/registry";
import { resolveBase } from "../../src/model/resolve";
import { nodeTrial } from "../harness/child";
import { medianOf, ratiosOf } from "../harness/measure";
import type { Benchmark, Measurement, Trial } from "../harness/trial";
import { K } from "../tasks/diabetes";

const ENGINES = ["graph", "llama"];
const PROMPTS = [
  { examples: K, rowsPerPrompt: 1 },
  { examples: K, rowsPerPrompt: 2 },
  { examples: K, rowsPerPrompt: 4 },
  { examples: 0, rowsPerPrompt: 1 },
];
const CHUNKS = 2;
/** The same for both engines, whose defaults differ by the memory that a row takes in each. */
const SEQUENCES = 32;

/** Drawing rows of the diabetes table, without an adapter: both engines, with and without examples in the prompt. */
export async function sampleBenchmark(): Promise<Benchmark> {
  const base = await resolveBase(DEFAULT_BASE);
  const threads = cpus().length;
  const trials = PROMPTS.flatMap((prompt) =>
    ENGINES.map((engine): Trial => {
      const settings = { engine, ...prompt, threads };
      const command = nodeTrial(join(__dirname, "ours.ts"), {
        ...settings,
        nSequences: SEQUENCES,
        chunks: CHUNKS,
        base: base.path,
      });
      return { subject: "harmonic", task: "diabetes rows from smollm2-135m", settings, command };
    }),
  );
  return {
    name: "sample",
    metrics: [
      { name: "rows_per_second", unit: "rows/s" },
      { name: "tokens_per_second", unit: "tokens/s" },
      { name: "peak_memory", unit: "MB" },
    ],
    trials,
    rounds: 1,
    ratios,
  };
}

/** The graph against llama.cpp at each kind of prompt, and what sharing a prompt and leaving the examples out gain. */
function ratios(measurements: Measurement[]): Record<string, number> {
  const rows = (engine: string, examples: number, rowsPerPrompt: number): number | undefined =>
    medianOf(measurements, {
      subject: "harmonic",
      metric: "rows_per_second",
      settings: { engine, examples, rowsPerPrompt },
    });
  return ratiosOf({
    rows_graph_vs_llama: [rows("graph", K, 1), rows("llama", K, 1)],
    rows_graph_vs_llama_2_per_prompt: [rows("graph", K, 2), rows("llama", K, 2)],
    rows_graph_vs_llama_4_per_prompt: [rows("graph", K, 4), rows("llama", K, 4)],
    rows_graph_vs_llama_no_examples: [rows("graph", 0, 1), rows("llama", 0, 1)],
    rows_4_per_prompt_vs_1: [rows("graph", K, 4), rows("graph", K, 1)],
    rows_no_examples_vs_examples: [rows("graph", 0, 1), rows("graph", K, 1)],
  });
}
