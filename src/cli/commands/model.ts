import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { modelCache } from "../../model/cache";
import { modelInfo } from "../../model/info";
import { pullModel } from "../../model/pull";
import { DEFAULT_BASE, MODELS } from "../../model/registry";
import { resolveBase } from "../../model/resolve";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { formatAmount } from "../progress";

export function addModel(program: Command, io: Io): void {
  const model = program.command("model").description("base models on this machine");

  const list = model.command("list").description("list the registered models and whether they are here");
  defineCommand(list, {}, io, async ({ print }) => {
    const models = MODELS.map(({ name, description, license, size, file }) => {
      const path = join(modelCache(), file);
      return { name, description, license, size, path: existsSync(path) ? path : null };
    });
    const lines = models.map(
      (each) =>
        `${each.name}  ${formatAmount(each.size, "bytes")}  ${each.path ?? "not pulled"}\n  ${each.description}\n`,
    );
    await print(models, lines.join(""));
  });

  const pull = model
    .command("pull")
    .argument("[name]", "a registered model", DEFAULT_BASE)
    .description("fetch a registered model into the cache folder");
  defineCommand(pull, {}, io, async ({ arguments: [name = DEFAULT_BASE], control, print }) => {
    const path = await pullModel(name, control);
    await print({ name, path }, `${path}\n`);
  });

  const info = model
    .command("info")
    .argument("[base]", "a registered name, the path of a GGUF, or hf:owner/repo/file.gguf", DEFAULT_BASE)
    .description("what a base model is, and whether it can be trained");
  defineCommand(info, {}, io, async ({ arguments: [name = DEFAULT_BASE], control, print }) => {
    const base = await resolveBase(name, control);
    const { name: title, ...info } = await modelInfo(base.path);
    const facts = { ...base, title, ...info };
    const { chatTemplate: _long, ...shown } = facts;
    const lines = Object.entries(shown).map(([key, value]) => `${key}: ${value === "" ? "-" : value}\n`);
    await print(facts, lines.join(""));
  });
}
