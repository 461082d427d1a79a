import type { Command } from "commander";
import { pullModel } from "../../model/pull";
import { DEFAULT_BASE } from "../../model/registry";
import { defineCommand } from "../command";
import type { Io } from "../io";

export function addModelPull(model: Command, io: Io): void {
  const command = model
    .command("pull")
    .argument("[name]", "a registered model", DEFAULT_BASE)
    .description("fetch a registered model into the cache folder");
  defineCommand(command, {}, io, async ({ arguments: [name = DEFAULT_BASE], control, print }) => {
    const path = await pullModel(name, control);
    await print({ name, path }, `${path}\n`);
  });
}
