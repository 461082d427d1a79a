import type { Command } from "commander";
import { HarmonicError } from "../../errors";
import { withRules } from "../../rules/schema-rules";
import { writeText } from "../../run/atomic";
import { inferSchema } from "../../table/infer";
import { toColumns } from "../../table/convert";
import { readTable } from "../../table/read";
import { schemaToJson } from "../../table/schema-json";
import { defineCommand } from "../command";
import type { Io } from "../io";
import { text } from "../options";
import { RULE_SPECS } from "../stage-options";

const SPECS = {
  target: text("--target <column>", "column to predict"),
  missing: text(
    "--missing <texts>",
    'texts that mean "no value", separated by commas, besides the empty cell',
  ),
  out: text("--out <file>", "write the schema there instead of standard output"),
  ...RULE_SPECS,
};

export function addSchema(program: Command, io: Io): void {
  const command = program
    .command("schema")
    .argument("<table>", "CSV, TSV, JSON, JSON lines, Parquet or Arrow file; - for an Arrow stream")
    .description(
      "infer the schema of a table, as Frictionless Table Schema, to edit and give back with --schema",
    );
  defineCommand(command, SPECS, io, async ({ arguments: [table = ""], options, print }) => {
    const { target, missing, out, rule: rules, dependencies } = options;
    const source = await readTable(table);
    const bare = inferSchema(source, {
      ...(target === undefined ? {} : { target }),
      ...(missing === undefined ? {} : { missingValues: missing.split(",") }),
    });
    const schema = withRules(bare, toColumns(source, bare), { rules, dependencies }, true);
    if (out === undefined) return print(schema, schemaToJson(schema));
    if (out === table) {
      throw new HarmonicError(
        "E_USAGE",
        `expected another file than the table for \`out\` but received ${out}`,
      );
    }
    await writeText(out, schemaToJson(schema));
    await print({ schema: out }, `${out}\n`);
  });
}
