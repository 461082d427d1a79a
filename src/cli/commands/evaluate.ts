import { copyFile, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { HarmonicError } from "../../errors";
import { evaluate } from "../../evaluate/evaluate";
import type { Evaluation } from "../../evaluate/evaluation";
import { formatScores } from "../../evaluate/format-scores";
import type { Metric } from "../../evaluate/metric";
import { llmEfficiency } from "../../evaluate/metrics/llm-efficiency";
import { readTables } from "../../evaluate/read-tables";
import { scoresCsv } from "../../evaluate/scores-csv";
import { DEFAULT_BASE } from "../../model/registry";
import { resolveBase } from "../../model/resolve";
import type { StageControl } from "../../progress";
import { renderReport } from "../../report/report";
import { writeText } from "../../run/atomic";
import { evaluateFolder } from "../../run/evaluate-folder";
import { FILES } from "../../run/folder";
import { loadSchema } from "../../table/schema-json";
import { packageVersion } from "../../version";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { flag, integer, text, type OptionValues } from "../options";
import { EVALUATE_SPECS } from "../stage-options";

const SPECS = {
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
  base: text("--base <model>", "the model of --lle for tables of files"),
  seed: integer("--seed <n>", "seed of samples and learners", { min: 0 }),
  threads: integer("--threads <n>", "threads; default: all cores", { min: 1 }),
};

type Options = OptionValues<typeof SPECS>;

/** What a run folder has already. */
const OF_FILES = ["train", "test", "holdout", "schema", "target", "base", "seed"] as const;

export function addEvaluate(program: Command, io: Io): void {
  const command = program
    .command("evaluate")
    .argument("[run]", "a run folder, to score its rows; else tables are given by the options")
    .option("--synthetic <name=file...>", "synthetic tables to score, each under its name")
    .description("score synthetic tables against the real one");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ arguments: [directory], options, control, print }) => {
      const { synthetic } = command.opts<{ synthetic?: string[] }>();
      if (directory !== undefined) {
        const evaluation = await evaluateRun(directory, options, synthetic, control);
        return print(evaluation, formatScores(evaluation));
      }
      const { schema, target, seed, threads, tune, compat } = options;
      if (options.dlt !== undefined) {
        throw new HarmonicError("E_USAGE", "expected a run folder for `dlt`: its model is what is compared", {
          hint: "harmonic evaluate RUN_DIR --dlt 1000",
        });
      }
      const tables = await readTables(
        {
          train: required(options.train, "train"),
          test: required(options.test, "test"),
          holdout: options.holdout,
          synthetic: (synthetic ?? [required(undefined, "synthetic NAME=")]).map(parseNamed),
        },
        {
          ...(schema === undefined ? {} : { schema: await loadSchema(schema) }),
          ...(target === undefined ? {} : { target }),
        },
      );
      const result = options.metrics ?? options.csv ?? options.report;
      // Without a file for the results there is none to go on from either.
      const keep = result === undefined ? undefined : `${result}.partial`;
      const extra = options.lle ? [await efficiencyOf(options, tables, control)] : [];
      const evaluation = await evaluate({ ...tables, ...control, seed, threads, tune, compat, keep, extra });
      const settings = {
        ...Object.fromEntries(
          (["train", "test", "holdout", "schema"] as const).map((name) => [name, options[name] ?? null]),
        ),
        synthetic: (synthetic ?? []).join(", "),
        ...{ tune: tune ?? false, compat: compat ?? false, "version of harmonic": packageVersion() },
      };
      await writeScores(options, evaluation);
      if (options.report) await writeText(options.report, renderReport({ ...tables, evaluation, settings }));
      if (keep !== undefined) await rm(keep, { force: true });
      await print(evaluation, formatScores(evaluation));
    },
    { config: true },
  );
}

/** Scores a run folder's rows there, and copies the results to the files asked for. */
async function evaluateRun(
  directory: string,
  options: Options,
  synthetic: string[] | undefined,
  control: StageControl,
): Promise<Evaluation> {
  const given = OF_FILES.find((name) => options[name] !== undefined) ?? (synthetic && "synthetic");
  if (given !== undefined) {
    throw new HarmonicError("E_USAGE", `expected no \`${given}\` beside a run folder, which has its own`, {
      hint: "leave the folder out to score tables of files",
    });
  }
  const { dlt, lle, tune, compat, threads } = options;
  const settings = { dlt, lle, tune, compat };
  const evaluation = await evaluateFolder({ directory, settings, threads, ...control });
  await writeScores(options, evaluation);
  if (options.report) await copyFile(join(directory, FILES.report), options.report);
  return evaluation;
}

async function writeScores({ metrics, csv }: Options, evaluation: Evaluation): Promise<void> {
  if (metrics) await writeText(metrics, JSON.stringify(evaluation, null, 2) + "\n");
  if (csv) await writeText(csv, scoresCsv(evaluation));
}

async function efficiencyOf(
  { base: name = DEFAULT_BASE, seed = 0, threads = availableParallelism() }: Options,
  tables: Awaited<ReturnType<typeof readTables>>,
  control: StageControl,
): Promise<Metric> {
  const { path: base, sha256 } = await resolveBase(name, control);
  return { ...llmEfficiency({ tables, base, seed, threads, ...control }), identity: sha256 };
}

function required(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw new HarmonicError("E_USAGE", `expected a file for \`${name}\` but received nothing`, {
    hint: `give --${name} FILE`,
  });
}

function parseNamed(text: string): { name: string; path: string } {
  const at = text.indexOf("=");
  if (at > 0 && at < text.length - 1) return { name: text.slice(0, at), path: text.slice(at + 1) };
  throw new HarmonicError("E_USAGE", `expected NAME=FILE for \`synthetic\` but received ${text}`, {
    hint: "for instance --synthetic mine=rows.csv",
  });
}
