import type { Token } from "node-llama-cpp";
import { report, trialArguments } from "../harness/child";
import { keepAsking, valuesOf, type Finished } from "./measured";
import { readRequests } from "./requests";
import { rowOfJson } from "./validity";

export interface NodeLlamaTrial {
  model: string;
  requests: string;
  examples: number;
  slots: number;
  threads: number;
  seconds: number;
}

/** The properties stand in an object of the type that the library infers answers from, which is not needed here. */
type ObjectSchema = { readonly type: "object" };

const MOST_TOKENS = 400;

/** node-llama-cpp with its grammar for a JSON schema, on some sequences of one context. */
async function main(): Promise<void> {
  const trial = trialArguments<NodeLlamaTrial>();
  const requests = readRequests(trial.requests);
  const { getLlama, LlamaCompletion } = await import("node-llama-cpp");
  const llama = await getLlama({
    gpu: false,
    build: "never",
    progressLogs: false,
    maxThreads: trial.threads,
  });
  const model = await llama.loadModel({ modelPath: trial.model });
  const longest = Math.max(...requests.examples.map(({ length }) => length), requests.none.length);
  const contextSize = Math.ceil((longest + MOST_TOKENS) / 256) * 256;
  const context = await model.createContext({ sequences: trial.slots, contextSize, threads: trial.threads });
  const grammar = await llama.createGrammarForJsonSchema(requests.plainJsonSchema as ObjectSchema);
  const asking = Array.from({ length: trial.slots }, () => {
    const contextSequence = context.getSequence();
    return { contextSequence, completion: new LlamaCompletion({ contextSequence }) };
  });
  const ask = async (worker: number, i: number): Promise<Finished[]> => {
    const { contextSequence, completion } = asking[worker]!;
    const { examples, none } = requests;
    const prompt = trial.examples === 0 ? none : examples[i % examples.length]!;
    const before = contextSequence.tokenMeter.getState();
    const text = await completion.generateCompletion(prompt as Token[], {
      ...{ grammar, maxTokens: MOST_TOKENS, temperature: 1, topK: 0, topP: 1, minP: 0, seed: i + 1 },
    });
    const { usedInputTokens, usedOutputTokens } = contextSequence.tokenMeter.diff(before);
    return [{ row: rowOfJson(text), tokens: usedInputTokens + usedOutputTokens }];
  };
  const drawn = await keepAsking(trial.slots, trial.seconds, ask);
  report(valuesOf(drawn, requests.schema));
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
