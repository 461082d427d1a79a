import type { Command } from "commander";
import { diagnose } from "../../doctor/diagnose";
import { formatDiagnosis } from "../../doctor/format-diagnosis";
import { defineCommand } from "../command";
import type { Io } from "../io";

export function addDoctor(program: Command, io: Io): void {
  const command = program
    .command("doctor")
    .description("what this machine has to compute on, what is missing and how to get it");
  defineCommand(command, {}, io, async ({ print }) => {
    const diagnosis = diagnose();
    await print(diagnosis, formatDiagnosis(diagnosis));
  });
}
