import type { Command } from "commander";
import { parseBytes } from "../../bytes";
import { formatScores } from "../../evaluate/format-scores";
import { run, type RunResult } from "../../run/run";
import { defineCommand } from "../command";
import { checkDevice } from "../device";
import type { Io } from "../io";
import { flag, pick, text } from "../options";
import { describeChoice, describePlan } from "../plan";
import {
  BASE_SPEC,
  EVALUATE_SPECS,
  PREPROCESS_SPECS,
  PRESET_SPECS,
  RULE_SPECS,
  SAMPLE_SPECS,
  SHARED_SPECS,
  TRAIN_CONTROL_SPECS,
  TRAIN_SPECS,
} from "../stage-options";
import { withTemperatures } from "../temperature";

const SPECS = {
  target: text("--target <column>", "column to predict"),
  out: text("--out <dir>", "the run folder; default harmonic-NAME"),
  base: BASE_SPEC,
  schema: text("--schema <file>", "schema of the table; default: inferred"),
  test: text("--test <file>", "real rows to test on; default: a fifth of the table"),
  holdout: text(
    "--holdout <file>",
    "real rows that nothing sees before the scores; default: a tenth of the table",
  ),
  ...RULE_SPECS,
  ...PRESET_SPECS,
  ...PREPROCESS_SPECS,
  ...TRAIN_SPECS,
  ...TRAIN_CONTROL_SPECS,
  ...SAMPLE_SPECS,
  ...EVALUATE_SPECS,
  explain: flag(
    "--explain",
    "keep what is known about every row in explanations.parquet, sums in the report",
  ),
  ...SHARED_SPECS,
};

export function addRun(program: Command, io: Io): void {
  const command = program
    .command("run")
    .argument("<table>", "CSV, TSV, JSON, JSON lines, Parquet or Arrow file; - for an Arrow stream")
    .description("the whole job: a real table in, a synthetic table and its scores out");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [table = ""], options, control, view, print }) => {
      const { target, out, base, schema, test, holdout, preset, seed, threads } = options;
      const { rule: rules, dependencies } = options;
      checkDevice(options.device, view);
      const result = await run({
        ...{ table, target, out, base, schema, test, holdout, preset, seed, threads },
        ...{ rules, dependencies },
        preprocess: pick(options, PREPROCESS_SPECS),
        train: pick(options, TRAIN_SPECS),
        sample: withTemperatures({
          ...pick(options, SAMPLE_SPECS),
          ...(options.explain !== undefined && { explain: options.explain }),
        }),
        evaluate: pick(options, EVALUATE_SPECS),
        checkpointEverySeconds: options.checkpointEvery,
        maxMemory: options.maxMemory === undefined ? undefined : parseBytes(options.maxMemory),
        ...control,
        onBase: (choice) => view.say(describeChoice(choice)),
        onPlan: (plan) => view.say(describePlan(plan)),
      });
      await print(result, describeRun(result));
    },
    { config: true },
  );
}

function describeRun({ files, evaluation }: RunResult): string {
  const scores =
    evaluation === undefined
      ? "no scores: the table is too small to keep rows to test on\n"
      : formatScores(evaluation);
  const paths = Object.entries(files).map(([name, path]) => `${name.padEnd(10)} ${path}\n`);
  return `${scores}\n${paths.join("")}`;
}
