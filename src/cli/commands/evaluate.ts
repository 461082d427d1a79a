import { rm } from "node:fs/promises";
import type { Command } from "commander";
import { HarmonicError } from "../../errors";
import { evaluate } from "../../evaluate/evaluate";
import { formatScores } from "../../evaluate/format-scores";
import { readTables } from "../../evaluate/read-tables";
import { scoresCsv } from "../../evaluate/scores-csv";
import { renderReport } from "../../report/report";
import { writeText } from "../../run/atomic";
import { loadSchema } from "../../table/schema-json";
import { packageVersion } from "../../version";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { flag, integer, text } from "../options";

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
  seed: integer("--seed <n>", "seed of samples and learners", { min: 0 }),
  threads: integer("--threads <n>", "threads; default: all cores", { min: 1 }),
};

export function addEvaluate(program: Command, io: Io): void {
  const command = program
    .command("evaluate")
    .requiredOption("--synthetic <name=file...>", "synthetic tables to score, each under its name")
    .description("score synthetic tables against the real one");
  defineCommand(
    command,
    SPECS,
    io,
    async ({ options, control, print }) => {
      const { schema, target, seed, threads, tune, compat } = options;
      const tables = await readTables(
        {
          train: required(options.train, "train"),
          test: required(options.test, "test"),
          holdout: options.holdout,
          synthetic: command.opts<{ synthetic: string[] }>().synthetic.map(parseNamed),
        },
        {
          ...(schema === undefined ? {} : { schema: await loadSchema(schema) }),
          ...(target === undefined ? {} : { target }),
        },
      );
      const result = options.metrics ?? options.csv ?? options.report;
      // Without a file for the results there is none to go on from either.
      const keep = result === undefined ? undefined : `${result}.partial`;
      const evaluation = await evaluate({ ...tables, ...control, seed, threads, tune, compat, keep });
      const settings = {
        ...Object.fromEntries(
          (["train", "test", "holdout", "schema"] as const).map((name) => [name, options[name] ?? null]),
        ),
        synthetic: command.opts<{ synthetic: string[] }>().synthetic.join(", "),
        ...{ tune: tune ?? false, compat: compat ?? false, "version of harmonic": packageVersion() },
      };
      if (options.metrics) await writeText(options.metrics, JSON.stringify(evaluation, null, 2) + "\n");
      if (options.csv) await writeText(options.csv, scoresCsv(evaluation));
      if (options.report) await writeText(options.report, renderReport({ ...tables, evaluation, settings }));
      if (keep !== undefined) await rm(keep, { force: true });
      await print(evaluation, formatScores(evaluation));
    },
    { config: true },
  );
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
