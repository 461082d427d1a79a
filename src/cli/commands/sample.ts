import type { Command } from "commander";
import { HarmonicError } from "../../errors";
import { sampleFolder } from "../../run/sample-folder";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { choice, pick, text } from "../options";
import { SAMPLE_SPECS, SHARED_SPECS } from "../stage-options";

const SPECS = {
  out: text("--out <file>", "where the rows go; - for an Arrow stream on standard output"),
  format: choice("--format <name>", "of the rows; default: by the extension of the file", [
    "csv",
    "tsv",
    "jsonl",
    "parquet",
    "arrow",
  ]),
  adapter: text("--adapter <path>", "another adapter than the folder's: a GGUF, or a folder that PEFT saved"),
  base: text("--base <model>", "base of that adapter; default: that of the folder's own"),
  ...SAMPLE_SPECS,
  ...SHARED_SPECS,
};

export function addSample(program: Command, io: Io): void {
  const command = program
    .command("sample")
    .argument("<dir>", "a folder with a trained adapter")
    .description("draw synthetic rows");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [directory = ""], options, control, print }) => {
      const { out, format, adapter, base, seed, threads } = options;
      if (out === undefined) {
        throw new HarmonicError("E_USAGE", "expected a file for `out` but received nothing", {
          hint: "give --out FILE, or --out - for an Arrow stream on standard output",
        });
      }
      const result = await sampleFolder({
        ...{ directory, out, adapter, base, seed, threads },
        outFormat: format,
        stdout: io.stdout,
        settings: pick(options, SAMPLE_SPECS),
        ...control,
      });
      // Standard output is taken by the rows.
      if (out !== "-") await print(result, `${result.out}\n`);
    },
    { config: true },
  );
}
