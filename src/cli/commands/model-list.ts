import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { modelCache } from "../../model/cache";
import { MODELS } from "../../model/registry";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { formatAmount } from "../progress";

export function addModelList(model: Command, io: Io): void {
  const command = model.command("list").description("list the registered models and whether they are here");
  defineCommand(command, {}, io, async ({ print }) => {
    const models = MODELS.map(({ name, description, license, size, file }) => {
      const path = join(modelCache(), file);
      return { name, description, license, size, path: existsSync(path) ? path : null };
    });
    const lines = models.map(
      ({ name, size, path, description }) =>
        `${name}  ${formatAmount(size, "bytes")}  ${path ?? "not pulled"}\n  ${description}\n`,
    );
    await print(models, lines.join(""));
  });
}
