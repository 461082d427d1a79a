import type { Command } from "commander";
import { runBench } from "../../bench/bench";
import { readBenchFile } from "../../bench/bench-file";
import { formatBench } from "../../bench/summary";
import { defineCommand } from "../command";
import { checkDevice, DEVICE_SPECS } from "../device";
import type { Io } from "../io";
import { SHARED_SPECS } from "../stage-options";

export function addBench(program: Command, io: Io): void {
  const command = program
    .command("bench")
    .argument("<file>", "YAML that names tables, methods and seeds; examples/bench.yaml is one")
    .description("compare methods on tables, over seeds, with the published figures beside ours");
  defineCommand(
    command,
    { threads: SHARED_SPECS.threads, ...DEVICE_SPECS },
    io,
    async ({ arguments: [file = ""], options, control, view, print }) => {
      const bench = await readBenchFile(file);
      checkDevice(options.device, view);
      const result = await runBench({ bench, ...options, ...control });
      await print(result, formatBench(result));
    },
  );
}
