import { join } from "node:path";
import { quoteName, quotePath, quoteText, withDuckDb } from "../../src/table/duckdb";
import { FILES } from "../../src/run/folder";
import type { Field } from "../../src/table/schema";
import { loadSchema } from "../../src/table/schema-json";
import { trialArguments } from "../harness/child";
import type { MillionTrial } from "./ours";

/** Counts rows, and those that the schema does not allow, by SQL alone: nothing of the decoder or our readers. */
async function main(): Promise<void> {
  const { run, path, format } = trialArguments<
    Pick<MillionTrial, "format"> & { run: string; path: string }
  >();
  const { fields } = await loadSchema(join(run, FILES.schema));
  const table =
    format === "csv"
      ? `read_csv(${quotePath(path)}, header = true, all_varchar = true, auto_detect = false, delim = ',', quote = '"',
          columns = {${fields.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`).join(", ")}})`
      : `read_parquet(${quotePath(path)})`;
  const valid = fields.map((field) => `(${validity(field)})`).join(" AND ");
  const query = `SELECT count(*)::INTEGER, (count(*) FILTER (WHERE (${valid}) IS NOT TRUE))::INTEGER FROM ${table}`;
  const [[rows, invalid]] = await withDuckDb(
    async (connection) => (await (await connection.run(query)).getRows()) as [[number, number]],
  );
  console.log(JSON.stringify({ rows, invalid }));
}

/** SQL that is true for the cells that a field allows; a cell is text in CSV, typed in Parquet. */
function validity(field: Field): string {
  const cell = `CAST(${quoteName(field.name)} AS VARCHAR)`;
  const present =
    "enum" in field.constraints
      ? `${cell} IN (${field.constraints.enum.map(quoteText).join(", ")})`
      : "numberFormat" in field
        ? numberValidity(cell, field)
        : "false";
  return field.constraints.required ? present : `${cell} IS NULL OR ${cell} = '' OR ${present}`;
}

/** A plain number with no digit behind the column's last decimal, within its range. */
function numberValidity(
  cell: string,
  { constraints, numberFormat }: Extract<Field, { numberFormat: unknown }>,
): string {
  const { minimum, maximum } = constraints;
  const value = `TRY_CAST(${cell} AS DECIMAL(30, ${numberFormat.decimals}))`;
  const { decimals } = numberFormat;
  const digits = decimals === 0 ? "-?[0-9]+(\\.0)?" : `-?[0-9]+(\\.[0-9]{1,${decimals}})?`;
  return `regexp_full_match(${cell}, ${quoteText(digits)}) AND ${value} BETWEEN ${minimum} AND ${maximum}`;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
