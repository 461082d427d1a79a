import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random";
import { rowCount, selectRows, type Column } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { readTable } from "../../src/table/read";
import type { TableSchema } from "../../src/table/schema";
import { batchesOf, writeTable } from "../../src/table/write";
import type { TableSplits } from "../tasks/splits";

/** The same rows twice: whole, and with cells held out. */
export interface Holes {
  truth: string;
  holes: string;
}

/** Which cells are held out: completely at random, the same share of every column. */
export interface HeldOut {
  rows: number;
  share: number;
  seed: number;
}

/** The schema of a table's rows to learn, by which all are read. */
export async function learntSchema({ train, target }: TableSplits): Promise<TableSchema> {
  return inferSchema(await readTable(train), { target });
}

/**
 * Writes test rows, drawn by the seed, with cells held out. Left out are rows with a category that no row to learn has,
 * of which no peer can know anything, and those with no cell left or none held out.
 */
export async function writeHoles(splits: TableSplits, folder: string, held: HeldOut): Promise<Holes> {
  mkdirSync(folder, { recursive: true });
  const schema = await learntSchema(splits);
  const columns = toColumns(await readTable(splits.test), schema, { unknown: "extend" });
  const random = new Random(held.seed);
  const known = Int32Array.from({ length: rowCount(columns) }, (_, row) => row).filter((row) =>
    columns.every((column, f) => isLearnt(column, row, schema.fields[f]!)),
  );
  const chosen: number[] = [];
  const masks: boolean[][] = [];
  for (const row of random.derive("rows").shuffle(known)) {
    if (chosen.length === held.rows) break;
    const cells = random.derive("cells").derive(row);
    const mask = columns.map(() => cells.nextFloat() < held.share);
    if (!mask.includes(true) || !mask.includes(false)) continue;
    chosen.push(row);
    masks.push(mask);
  }
  const truth = selectRows(columns, chosen);
  const holes = truth.map((column, f) =>
    withHoles(
      column,
      masks.map((mask) => mask[f]!),
    ),
  );
  const open = {
    ...schema,
    fields: schema.fields.map((field) => ({
      ...field,
      missingValues: ["", ...field.missingValues],
      constraints: { ...field.constraints, required: false },
    })) as TableSchema["fields"],
  };
  const paths = { truth: join(folder, "truth.csv"), holes: join(folder, "holes.csv") };
  await writeTable({ path: paths.truth }, batchesOf(truth, schema), schema);
  await writeTable({ path: paths.holes }, batchesOf(holes, open), open);
  return paths;
}

function isLearnt(column: Column, row: number, field: TableSchema["fields"][number]): boolean {
  if (column.kind !== "category") return true;
  const { enum: values } = field.constraints as { enum: string[] };
  return column.codes[row]! < values.length;
}

function withHoles(column: Column, isHeld: readonly boolean[]): Column {
  switch (column.kind) {
    case "category":
      return { ...column, codes: column.codes.map((code, row) => (isHeld[row] ? -1 : code)) };
    case "text":
      return { ...column, values: column.values.map((value, row) => (isHeld[row] ? null : value)) };
    default:
      return { ...column, scaled: column.scaled.map((value, row) => (isHeld[row] ? NaN : value)) };
  }
}
