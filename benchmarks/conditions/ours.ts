import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate } from "../../src/evaluate/evaluate";
import { REAL, valueOf } from "../../src/evaluate/evaluation";
import { loadCells } from "../../src/run/cells-file";
import { FILES, RunFolder } from "../../src/run/folder";
import { loadInstructionData } from "../../src/run/stages/load";
import { rowCount, selectRows, type Column } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import type { TableSchema } from "../../src/table/schema";
import { RowLikelihood } from "../../src/train/likelihood";
import { report, trialArguments } from "../harness/child";
import { harmonic } from "../harness/command";
import { trainedFolder } from "../impute/trained";
import type { TableSplits } from "../tasks/splits";

interface ConditionsTrial {
  splits: TableSplits;
  permute: boolean;
  epochs?: number;
  /** rows drawn under the condition, and test rows whose likelihood is measured */
  rows: number;
  threads: number;
  condition: { column: string; value: string };
}

async function main(): Promise<void> {
  const trial = trialArguments<ConditionsTrial>();
  const { splits } = trial;
  const trained = await trainedFolder(trial);
  const folder = await RunFolder.read(trained.folder);
  const { schema } = await loadInstructionData(folder);
  const read = async (path: string): Promise<Column[]> =>
    toColumns(await readTable(path), schema, { unknown: "extend" });
  const [train, test] = [await read(splits.train), await read(splits.test)];
  report({
    train_s: [trained.seconds],
    nats_per_row: [await natsOf(trial, folder, test)],
    ...(await shapesOf(trial, folder, schema, { train, test })),
  });
}

/** The mean loss of test rows in the natural order of the columns. */
async function natsOf(
  { permute, rows, threads }: ConditionsTrial,
  folder: RunFolder,
  test: Column[],
): Promise<number> {
  const data = await loadInstructionData(folder);
  const cells = await loadCells(folder.path(FILES.schema), data.schema);
  const base = folder.path(FILES.model);
  const likelihood = await RowLikelihood.open({ ...data, cells, base, threads, anyOrder: permute });
  const some = Int32Array.from({ length: Math.min(rows, rowCount(test)) }, (_, row) => row);
  const { nats } = await likelihood.of(selectRows(test, some));
  likelihood.close();
  const fitting = nats.filter((loss) => !Number.isNaN(loss));
  return fitting.reduce((sum, loss) => sum + loss, 0) / fitting.length;
}

/** How like the real rows that keep the condition those drawn under it are, and real ones of the test part. */
async function shapesOf(
  { condition, rows, threads }: ConditionsTrial,
  folder: RunFolder,
  schema: TableSchema,
  real: { train: Column[]; test: Column[] },
): Promise<Record<string, number[]>> {
  const { column, value } = condition;
  const own = mkdtempSync(join(tmpdir(), "harmonic-conditions-"));
  try {
    const out = join(own, "rows.csv");
    const where = ["--where", `"${column}" = '${value}'`, "--rows", String(rows)];
    await harmonic([
      ...["sample", folder.directory, "--out", out, ...where],
      ...["--threads", String(threads), "--quiet", "--json"],
    ]);
    const columns = toColumns(await readTable(out), schema);
    const evaluation = await evaluate({
      schema,
      train: keeping(real.train, condition),
      test: keeping(real.test, condition),
      synthetic: [{ name: "drawn", columns }],
      metrics: ["column-shapes"],
      threads,
    });
    const shapes = (table: string): number[] => [valueOf(evaluation, "column-shapes", table) ?? NaN];
    return { column_shapes: shapes("drawn"), column_shapes_real: shapes(REAL) };
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

function keeping(table: Column[], { column, value }: ConditionsTrial["condition"]): Column[] {
  const found = table.find(({ name }) => name === column);
  if (found?.kind !== "category") throw new Error(`expected categories in ${column}`);
  const code = found.values.indexOf(value);
  return selectRows(
    table,
    Int32Array.from(found.codes.keys()).filter((row) => found.codes[row] === code),
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
