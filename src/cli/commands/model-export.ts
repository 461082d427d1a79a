import type { Command } from "commander";
import { exportAdapter } from "../../run/peft";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { required, text } from "../options";

const SPECS = {
  peft: text(
    "--peft <dir>",
    "folder for adapter_config.json and adapter_model.safetensors, for Hugging Face's PEFT",
  ),
  base: text(
    "--base <model>",
    "its base: a registered name, a GGUF, a Hugging Face folder or repository; default: that of the run folder",
  ),
};

export function addModelExport(model: Command, io: Io): void {
  const command = model
    .command("export")
    .argument("<adapter>", "an adapter as GGUF, or a run folder")
    .description("write an adapter for other programs");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [adapter = ""], options: { peft, base }, control, view, print }) => {
      const out = required(peft, "a path for `peft`", "give --peft DIR");
      const result = await exportAdapter({ adapter, out, base, ...control });
      if (result.baseName === null) {
        view.say(
          "base_model_name_or_path is left empty: name the base's Hugging Face repository with --base",
        );
      }
      await print(result, `${result.config}\n${result.weights}\n`);
    },
  );
}
