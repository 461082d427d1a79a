import type { Command } from "commander";
import { HarmonicError } from "../../errors";
import type { Evaluation } from "../../evaluate/evaluation";
import { formatScores } from "../../evaluate/format-scores";
import type { StageControl } from "../../progress";
import { evaluateFiles } from "../../run/evaluate-files";
import { evaluateFolder } from "../../run/evaluate-folder";
import { defineCommand } from "../command";
import { checkDevice, DEVICE_SPECS } from "../device";
import type { Io } from "../io";
import { flag, required, text, texts, type OptionValues } from "../options";
import { EVALUATE_SPECS, SHARED_SPECS } from "../stage-options";

const SPECS = {
  synthetic: texts("--synthetic <name=file...>", "synthetic tables to score, each under its name"),
  train: text("--train <file>", "real rows that the generator learned from"),
  test: text("--test <file>", "real rows to test on"),
  holdout: text("--holdout <file>", "real rows that nothing has seen, to compare distances with"),
  schema: text("--schema <file>", "schema of the tables; default: inferred from the real ones"),
  target: text("--target <column>", "column to predict"),
  metrics: text("--metrics <file>", "write the scores there as JSON"),
  csv: text("--csv <file>", "write the scores there as CSV"),
  report: text("--report <file>", "write a report there as HTML"),
  tune: flag("--tune", "search for the learners' settings by the paper's grid"),
  compat: flag("--compat", "also the original method's own figures"),
  ...EVALUATE_SPECS,
  base: text("--base <model>", "the model of --lle for tables of files; default smollm2-135m"),
  ...SHARED_SPECS,
  ...DEVICE_SPECS,
};

type Options = OptionValues<typeof SPECS>;

/** What a run folder has already. */
const OF_FILES = ["synthetic", "train", "test", "holdout", "schema", "target", "base", "seed"] as const;

export function addEvaluate(program: Command, io: Io): void {
  const command = program
    .command("evaluate")
    .argument("[run]", "a run folder, to score its rows; else tables are given by the options")
    .description("score synthetic tables against the real one");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [directory], options, control, view, print }) => {
      checkDevice(options.device, view);
      const evaluation =
        directory === undefined
          ? await scoreFiles(options, control)
          : await scoreFolder(directory, options, control);
      await print(evaluation, formatScores(evaluation));
    },
    { config: true },
  );
}

function scoreFiles(options: Options, control: StageControl): Promise<Evaluation> {
  const { dlt, lle, tune, compat, ...rest } = options;
  if (dlt !== undefined) {
    throw new HarmonicError("E_USAGE", "expected a run folder for `dlt`: its model is what is compared", {
      hint: "harmonic evaluate RUN_DIR --dlt 1000",
    });
  }
  const given = <T>(value: T | undefined, name: string, usage: string): T =>
    required(value, `a file for \`${name}\``, `give --${name} ${usage}, or a run folder`);
  const train = given(options.train, "train", "FILE");
  const test = given(options.test, "test", "FILE");
  const synthetic = given(options.synthetic, "synthetic", "NAME=FILE").map(parseNamed);
  return evaluateFiles({
    ...rest,
    ...{ train, test, synthetic },
    settings: { lle, tune, compat },
    ...control,
  });
}

function scoreFolder(directory: string, options: Options, control: StageControl): Promise<Evaluation> {
  const given = OF_FILES.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new HarmonicError("E_USAGE", `expected no \`${given}\` beside a run folder, which has its own`, {
      hint: "leave the folder out to score tables of files",
    });
  }
  const { dlt, lle, tune, compat, threads, device, metrics, csv, report } = options;
  const settings = { dlt, lle, tune, compat };
  return evaluateFolder({ directory, settings, threads, device, ...{ metrics, csv, report }, ...control });
}

function parseNamed(text: string): { name: string; path: string } {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return { name: text.slice(0, at), path: text.slice(at + 1) };
  throw new HarmonicError("E_USAGE", `expected NAME=FILE for \`synthetic\` but received ${text}`, {
    hint: "for instance --synthetic mine=rows.csv",
  });
}
