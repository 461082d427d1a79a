// Logits of a model with an adapter (or ""), by node-llama-cpp's own prebuilt llama.cpp: the other engine of the parity test.
// node node-llama-cpp.mjs MODEL ADAPTER TOKENS(comma-separated) -> JSON, (n, vocabulary) logits on standard output
import { getLlama, LlamaModel } from "node-llama-cpp";

// Loading, it tries the tokenizer to warn of a bad one; a model of ids alone has none.
LlamaModel.prototype.getWarnings = () => [];

const [model, adapter, tokens] = process.argv.slice(2);
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, logLevel: "error" });
const loaded = await llama.loadModel({ modelPath: model });
const context = await loaded.createContext({
  contextSize: 128,
  ...(adapter !== "" && { lora: adapter }),
  experimentalKvCacheKeyType: "F32",
  experimentalKvCacheValueType: "F32",
});
const sequence = context.getSequence();
const input = tokens.split(",").map((token) => [Number(token), { generateNext: { logits: true } }]);
const output = await sequence.controlledEvaluate(input);
const rows = output.map(({ next }) => {
  const row = [];
  for (const [token, logit] of next.logits) row[token] = logit;
  return row;
});
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
