import type { Command } from "commander";
import { NEW_MODEL, newModel } from "../../model/new";
import { DEFAULT_BASE } from "../../model/registry";
import { resolveBase } from "../../model/resolve";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { integer, text } from "../options";
import { formatAmount } from "../progress";

const SPECS = {
  layers: integer("--layers <n>", `blocks; default ${NEW_MODEL.nLayers}`, { min: 1 }),
  width: integer("--width <n>", `values of a token's state; default ${NEW_MODEL.nEmbedding}`, { min: 1 }),
  heads: integer("--heads <n>", `heads of attention; default ${NEW_MODEL.nHeads}`, { min: 1 }),
  headsKv: integer("--heads-kv <n>", "heads of keys and values; default: as many as heads", { min: 1 }),
  feedForward: integer("--feed-forward <n>", "width of the feed-forward layer; default 8/3 of the width", {
    min: 1,
  }),
  context: integer("--context <n>", `tokens that it is made for; default ${NEW_MODEL.nContext}`, { min: 1 }),
  tokenizer: text("--tokenizer <model>", `a base model whose tokenizer it gets; default ${DEFAULT_BASE}`),
  seed: integer("--seed <n>", "seed of the random weights; default 0", { min: 0 }),
};

export function addModelNew(model: Command, io: Io): void {
  const command = model
    .command("new")
    .argument("<file>", "the GGUF to write")
    .description("write a model of random weights, to be trained from scratch with --base FILE --train all");
  defineCommand(command, SPECS, io, async ({ arguments: [out = ""], options, control, print }) => {
    const { layers, width, heads, headsKv, feedForward, context, tokenizer, seed } = options;
    const base = await resolveBase(tokenizer ?? DEFAULT_BASE, control);
    const result = await newModel({
      ...{ out, tokenizer: base.path, seed },
      ...(layers !== undefined && { nLayers: layers }),
      ...(width !== undefined && { nEmbedding: width }),
      ...(heads !== undefined && { nHeads: heads }),
      ...(headsKv !== undefined && { nHeadsKv: headsKv }),
      ...(feedForward !== undefined && { nFeedForward: feedForward }),
      ...(context !== undefined && { nContext: context }),
    });
    const size = formatAmount(result.size, "bytes");
    await print(result, `${out}: ${result.nParameters.toLocaleString("en")} weights, ${size}\n`);
  });
}
