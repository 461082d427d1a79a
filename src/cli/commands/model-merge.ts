import type { Command } from "commander";
import { mergeAdapter, MERGE_TYPES, type MergeResult } from "../../model/merge";
import { resolveBase } from "../../model/resolve";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { choice, required, text } from "../options";
import { formatAmount } from "../progress";
import { SHARED_SPECS } from "../stage-options";

const SPECS = {
  out: text("--out <file>", "the GGUF to write"),
  type: choice("--type <name>", "type of the matrices; default: each keeps its own", MERGE_TYPES),
  threads: SHARED_SPECS.threads,
};

export function addModelMerge(model: Command, io: Io): void {
  const command = model
    .command("merge")
    .argument("<base>", "a registered name, the path of a GGUF, or hf:owner/repo/file.gguf")
    .argument("<adapter>", "an adapter as GGUF, a folder that PEFT saved, or a run folder")
    .description("write base and adapter as one GGUF that any llama.cpp loads");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [name = "", adapter = ""], options, control, print }) => {
      const out = required(options.out, "a path for `out`", "give --out FILE");
      const { type, threads } = options;
      const { path: base } = await resolveBase(name, control);
      const result = await mergeAdapter({ base, adapter, out, type, threads, ...control });
      await print(result, describeMerge(result));
    },
  );
}

function describeMerge({ out, size, nMerged, conversions }: MergeResult): string {
  const types = conversions.map(({ from, to, nTensors }) =>
    from === to ? `${nTensors} ${to}` : `${nTensors} ${from} as ${to}`,
  );
  return `${nMerged} matrices merged; tensors: ${types.join(", ")}\n${out} (${formatAmount(size, "bytes")})\n`;
}
