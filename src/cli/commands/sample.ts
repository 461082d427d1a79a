import type { Command } from "commander";
import { HarmonicError } from "../../errors";
import { sampleFolder, type SampleFolderResult } from "../../run/sample-folder";
import { defineCommand } from "../command";
import { checkDevice } from "../device";
import type { Io } from "../io";
import { choice, flag, inGroup, integer, pick, required, text } from "../options";
import { RULE_SPECS, SAMPLE_SPECS, SHARED_SPECS } from "../stage-options";
import { withTemperatures } from "../temperature";

const CONDITION_SPECS = inGroup("Which rows:", {
  where: text("--where <condition>", `rows to draw, e.g. "age > 40 and income = '>50K'"`),
  given: text("--given <file>", "rows with some cells filled, which are completed"),
  givenRowsEach: integer("--given-rows-each <n>", "rows to draw for each of them; default 1", { min: 1 }),
  impute: choice(
    "--impute <how>",
    "one row for each given one: a draw, or the best guess of 100, numbers by median or mean; default draw",
    ["draw", "median", "mean"],
  ),
  balance: text("--balance <column>", "every value of a column equally often"),
  weights: text("--weights <file>", "how often to draw which values: their columns, then a column weight"),
  anyOrder: flag("--any-order", "conditions first, even if the adapter was trained without --permute"),
});

const SPECS = {
  out: text("--out <path>", "a file, a folder (DIR/), or - for an Arrow stream on standard output"),
  format: choice(
    "--format <name>",
    "format of the rows; default: by the file's extension, parquet in a folder",
    ["csv", "tsv", "jsonl", "parquet", "arrow"],
  ),
  partRows: integer("--part-rows <n>", "rows of each file of a folder; default 65536", { min: 1 }),
  shard: text("--shard <i/n>", "one part of the rows, e.g. 3/16; harmonic merge joins them; default: all"),
  explain: text(
    "--explain <file>",
    "also write what is known about every row: probabilities, distance, redraws",
  ),
  adapter: text("--adapter <path>", "another adapter than the folder's: a GGUF, or a folder that PEFT saved"),
  base: text("--base <model>", "base of that adapter; default: that of the folder's own"),
  ...CONDITION_SPECS,
  ...RULE_SPECS,
  ...SAMPLE_SPECS,
  ...SHARED_SPECS,
};

/** What is worth a line beside the rows. */
function notesOn({ warnings, redraws: { copies, near, failed }, rows }: SampleFolderResult): string[] {
  const figures = [
    copies > 0 && `${copies} equal to a row trained on`,
    near > 0 && `${near} too near to one`,
    failed > 0 && `${failed} against a rule`,
  ].filter((text) => text !== false);
  const n = copies + near + failed;
  const redrawn = n === 0 ? [] : [`drawn again for ${rows} rows: ${figures.join(", ")}`];
  return [...warnings.map((warning) => `! ${warning}`), ...redrawn];
}

export function addSample(program: Command, io: Io): void {
  const command = program
    .command("sample")
    .argument("<dir>", "a folder with a trained adapter or table model")
    .description("draw synthetic rows");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [directory = ""], options, control, view, print }) => {
      const { format, partRows, shard, explain, adapter, base, seed, threads } = options;
      const out = required(
        options.out,
        "a file for `out`",
        "give --out FILE, or --out - for an Arrow stream on standard output",
      );
      const { rule: rules, dependencies, given, impute } = options;
      if (given !== undefined && options.rows !== undefined) {
        throw new HarmonicError("E_USAGE", "expected `rows` or `given`, not both", {
          hint: "--given-rows-each says how many rows to draw for each given one",
        });
      }
      if (impute !== undefined && given === undefined) {
        throw new HarmonicError("E_USAGE", "expected `given` for `impute` but received nothing", {
          hint: "give the table whose missing cells are to be filled, e.g. --given holes.csv",
        });
      }
      checkDevice(options.device, view);
      const result = await sampleFolder({
        ...{ directory, out, partRows, shard, explain, adapter, base, seed, threads },
        ...{ rules, dependencies, ...pick(options, CONDITION_SPECS) },
        outFormat: format,
        stdout: io.stdout,
        settings: withTemperatures(pick(options, SAMPLE_SPECS)),
        ...control,
      });
      if (result === undefined) {
        view.say(
          "the reader of standard output ended early: rows drawn so far are kept, the same command goes on",
        );
        return;
      }
      for (const line of notesOn(result)) view.say(line);
      // Standard output is taken by the rows.
      if (out !== "-") await print(result, `${result.out}\n`);
    },
    { config: true },
  );
}
