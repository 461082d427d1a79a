import type { Command } from "commander";
import { mergeParts } from "../../table/merge";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { required, text } from "../options";

const SPECS = { out: text("--out <file>", "the joined file, of the format of the parts") };

export function addMerge(program: Command, io: Io): void {
  const command = program
    .command("merge")
    .argument("<part...>", "files of sample --shard in the order of their rows, or a folder of parts")
    .description("join the parts of a sampling to the file that one run would have written");
  defineCommand(command, SPECS, io, async ({ arguments: parts, options: { out }, control, print }) => {
    const joined = required(out, "a file for `out`", "give --out FILE");
    const files = await mergeParts({ parts, out: joined, signal: control.signal });
    await print({ out: joined, parts: files }, `${joined}\n`);
  });
}
