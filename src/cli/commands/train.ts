import type { Command } from "commander";
import { parseBytes } from "../../bytes";
import { trainFolder } from "../../run/train-folder";
import { defineCommand } from "../command";
import { checkDevice } from "../device";
import type { Io } from "../io";
import { pick } from "../options";
import { describeChoice, describePlan } from "../plan";
import { BASE_SPEC, PRESET_SPECS, SHARED_SPECS, TRAIN_CONTROL_SPECS, TRAIN_SPECS } from "../stage-options";

const SPECS = {
  base: BASE_SPEC,
  ...PRESET_SPECS,
  ...TRAIN_SPECS,
  ...TRAIN_CONTROL_SPECS,
  ...SHARED_SPECS,
};

export function addTrain(program: Command, io: Io): void {
  const command = program
    .command("train")
    .argument("<dir>", "a folder that preprocess or run has made")
    .description("fine-tune the base model on the folder's rows, or train a model of the table alone");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [directory = ""], options, control, view, print }) => {
      const { base, preset, seed, threads } = options;
      checkDevice(options.device, view);
      const result = await trainFolder({
        ...{ directory, base, preset, seed, threads },
        settings: pick(options, TRAIN_SPECS),
        checkpointEverySeconds: options.checkpointEvery,
        maxMemory: options.maxMemory === undefined ? undefined : parseBytes(options.maxMemory),
        ...control,
        onBase: (choice) => view.say(describeChoice(choice)),
        onPlan: (plan) => view.say(describePlan(plan)),
      });
      await print(result, `${result.adapter}\n`);
    },
    { config: true },
  );
}
