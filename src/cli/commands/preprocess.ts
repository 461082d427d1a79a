import type { Command } from "commander";
import { EXPORTS } from "../../preprocess/export";
import { preprocessTable } from "../../run/preprocess-table";
import { defineCommand } from "../command";
import { checkDevice, DEVICE_SPECS } from "../device";
import type { Io } from "../io";
import { choice, text } from "../options";
import { PREPROCESS_SPECS, PRESET_SPECS, RULE_SPECS, SHARED_SPECS } from "../stage-options";

const SPECS = {
  out: text("--out <dir>", "the run folder; default harmonic-NAME"),
  target: text("--target <column>", "column to predict"),
  schema: text("--schema <file>", "schema of the table; default: inferred"),
  ...RULE_SPECS,
  ...PRESET_SPECS,
  ...PREPROCESS_SPECS,
  export: choice(
    "--export <name>",
    "also write the instructions as another program's training data",
    EXPORTS,
  ),
  threads: SHARED_SPECS.threads,
  ...DEVICE_SPECS,
};

export function addPreprocess(program: Command, io: Io): void {
  const command = program
    .command("preprocess")
    .argument("<table>", "the rows to learn from, all of them")
    .description("find each row's neighbours and write the instruction data");
  defineCommand(
    command,
    SPECS,
    io,
    async ({
      arguments: [table = ""],
      options: {
        out,
        target,
        schema,
        preset,
        threads,
        device,
        export: exported,
        rule: rules,
        dependencies,
        ...settings
      },
      control,
      view,
      print,
    }) => {
      checkDevice(device, view);
      const result = await preprocessTable({
        ...{ table, out, target, schema, preset, threads, device, settings, rules, dependencies },
        export: exported,
        ...control,
      });
      const left =
        result.rows === result.groups ? "" : ` (${result.rows - result.groups} left out by the filter)`;
      const files = Object.values(result.files).map((path) => `${path}\n`);
      await print(result, `${result.groups} groups from ${result.rows} rows${left}\n${files.join("")}`);
    },
    { config: true },
  );
}
