import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { mergeAdapter } from "../../src/model/merge";
import type { ResolvedBase } from "../../src/model/resolve";
import { rowCount } from "../../src/table/columns";
import { cellFormatter } from "../../src/table/convert";
import { train } from "../../src/train/train";
import { benchmarkCache } from "../harness/cache";
import { convertBase } from "../harness/convert-base";
import { runProcess } from "../harness/process";
import { type BenchTable, benchTable, type TableName } from "../tasks/tables";

/** Examples in a prompt, as in training. */
export const K = 5;
export type BenchFormat = "compact" | "dict";

/** Of two groups of rows: enough that rows are regular, which their speed depends on; their quality is not measured here. */
const STEPS = { compact: 60, dict: 40 };
/**
 * Of eight rows, by be_great itself, all weights. Many of its rows still leave columns out then, and count all the same: its
 * speed does not depend on them, for it writes every row to the length of the longest.
 */
const BE_GREAT_STEPS = 40;
/** What is done by then is kept, and goes on when it is asked for again. */
const TUNING_TIMEOUT_MS = 12 * 60_000;

/** The base tuned on a table in a format, as one GGUF of 8-bit weights that ours and every peer load; made once. */
export async function tunedModel(base: ResolvedBase, name: TableName, format: BenchFormat): Promise<string> {
  const table = await benchTable(name);
  const path = benchmarkCache(`tuned-${name}-${format}-${keyOf(base, table, STEPS[format])}.gguf`);
  if (existsSync(path)) return path;
  console.error(`-- tuning ${base.name} on ${name} in format ${format}`);
  const work = `${path}.work`;
  await mkdir(work, { recursive: true });
  const { schema, columns, description } = table;
  const settings = { batch: 2, seed: 0, epochs: (STEPS[format] * 2 * (K + 1)) / rowCount(columns) };
  const { adapter } = await train({
    ...{ schema, columns, description, format, k: K, settings },
    ...{ base: base.path, baseIdentity: base.sha256 },
    ...{ adapter: `${work}/adapter.gguf`, checkpoint: `${work}/checkpoint`, log: `${work}/log.jsonl` },
  });
  await mergeAdapter({ base: base.path, adapter, out: path, type: "q8_0" });
  await rm(work, { recursive: true });
  return path;
}

/** What be_great made of the base and the table by its own training; made once. */
export async function beGreatModel(python: string, base: ResolvedBase, name: TableName): Promise<string> {
  const table = await benchTable(name);
  const folder = benchmarkCache(`be-great-${name}-${keyOf(base, table, BE_GREAT_STEPS)}`);
  if (existsSync(folder)) return folder;
  console.error(`-- tuning be_great on ${name}`);
  const converted = await convertBase(python, base);
  const csv = `${folder}.csv`;
  writeFileSync(csv, csvOf(table));
  const partial = `${folder}.partial`;
  const fit = ["fit", csv, join(converted, "f32"), partial, String(BE_GREAT_STEPS)];
  await runProcess([python, join(__dirname, "be-great.py"), ...fit], {}, TUNING_TIMEOUT_MS);
  await rm(`${partial}.work`, { recursive: true, force: true });
  await rename(partial, folder);
  return folder;
}

/** The rows trained on; no value of the tables here has a comma or a quote. */
function csvOf({ schema, columns }: BenchTable): string {
  const cells = schema.fields.map((field, f) => cellFormatter(field, columns[f]!));
  const rows = Array.from({ length: rowCount(columns) }, (_, i) =>
    cells.map((cell) => cell(i) ?? "").join(","),
  );
  return [schema.fields.map(({ name }) => name).join(","), ...rows, ""].join("\n");
}

function keyOf(base: ResolvedBase, { path }: BenchTable, steps: number): string {
  const hash = createHash("sha256").update(base.sha256).update(readFileSync(path));
  return hash.update(String(steps)).digest("hex").slice(0, 12);
}
