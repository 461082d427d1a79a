import type { Command } from "commander";
import { modelInfo } from "../../model/info";
import { DEFAULT_BASE } from "../../model/registry";
import { resolveBase } from "../../model/resolve";
import { defineCommand } from "../command";
import type { Io } from "../io";

export function addModelInfo(model: Command, io: Io): void {
  const command = model
    .command("info")
    .argument("[base]", "a registered name, the path of a GGUF, or hf:owner/repo/file.gguf", DEFAULT_BASE)
    .description("what a base model is, and whether it can be trained");
  defineCommand(command, {}, io, async ({ arguments: [name = DEFAULT_BASE], control, print }) => {
    const base = await resolveBase(name, control);
    const { name: title, ...info } = await modelInfo(base.path);
    const facts = { ...base, title, ...info };
    const { chatTemplate: _long, ...shown } = facts;
    const lines = Object.entries(shown).map(([key, value]) => `${key}: ${value === "" ? "-" : value}\n`);
    await print(facts, lines.join(""));
  });
}
