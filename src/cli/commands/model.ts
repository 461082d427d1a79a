import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { modelCache } from "../../model/cache";
import { modelInfo } from "../../model/info";
import { pullModel } from "../../model/pull";
import { DEFAULT_BASE, MODELS } from "../../model/registry";
import { resolveBase } from "../../model/resolve";
import { HarmonicError } from "../../errors";
import { mergeAdapter, MERGE_TYPES, type MergeResult } from "../../model/merge";
import { exportAdapter } from "../../run/peft";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { choice, integer, text } from "../options";
import { formatAmount } from "../progress";
import { addModelNew } from "./model-new";

const MERGE_SPECS = {
  out: text("--out <file>", "the GGUF to write"),
  type: choice("--type <name>", "of the matrices; default: each keeps its own", MERGE_TYPES),
  threads: integer("--threads <n>", "threads; default: all cores", { min: 1 }),
};

const EXPORT_SPECS = {
  peft: text(
    "--peft <dir>",
    "folder for adapter_config.json and adapter_model.safetensors, for Hugging Face's PEFT",
  ),
  base: text(
    "--base <model>",
    "its base: a registered name, a GGUF, a Hugging Face folder or repository; default: that of the run folder",
  ),
};

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

  const merge = model
    .command("merge")
    .argument("<base>", "a registered name, the path of a GGUF, or hf:owner/repo/file.gguf")
    .argument("<adapter>", "an adapter as GGUF, a folder that PEFT saved, or a run folder")
    .description("write base and adapter as one GGUF that any llama.cpp loads");
  defineCommand(
    merge,
    MERGE_SPECS,
    io,
    async ({ arguments: [name = "", adapter = ""], options: { out, type, threads }, control, print }) => {
      const path = required(out, "out", "--out FILE");
      const base = await resolveBase(name, control);
      const result = await mergeAdapter({ base: base.path, adapter, out: path, type, threads, ...control });
      await print(result, describeMerge(result));
    },
  );

  const exported = model
    .command("export")
    .argument("<adapter>", "an adapter as GGUF, or a run folder")
    .description("write an adapter for other programs");
  defineCommand(
    exported,
    EXPORT_SPECS,
    io,
    async ({ arguments: [adapter = ""], options: { peft, base }, control, view, print }) => {
      const out = required(peft, "peft", "--peft DIR");
      const result = await exportAdapter({ adapter, out, base, ...control });
      if (result.baseName === null) {
        view.say(
          "base_model_name_or_path is left empty: name the base's Hugging Face repository with --base",
        );
      }
      await print(result, `${result.config}\n${result.weights}\n`);
    },
  );

  addModelNew(model, io);
}

function required(value: string | undefined, name: string, example: string): string {
  if (value !== undefined) return value;
  throw new HarmonicError("E_USAGE", `expected a path for \`${name}\` but received nothing`, {
    hint: `give ${example}`,
  });
}

function describeMerge({ out, size, nMerged, conversions }: MergeResult): string {
  const types = conversions.map(({ from, to, nTensors }) =>
    from === to ? `${nTensors} ${to}` : `${nTensors} ${from} as ${to}`,
  );
  return `${nMerged} matrices merged; tensors: ${types.join(", ")}\n${out} (${formatAmount(size, "bytes")})\n`;
}
