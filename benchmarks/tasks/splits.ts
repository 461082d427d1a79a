import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/random";
import { splitTable } from "../../src/run/split";
import { selectRows } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { readTable } from "../../src/table/read";
import { batchesOf, writeTable } from "../../src/table/write";
import { benchmarkCache } from "../harness/cache";
import { adultPath } from "./tables";
import { writeMixedTable } from "./mixed-table";

/** Real rows by what they are for, as files. */
export interface TableSplits {
  name: string;
  train: string;
  test: string;
  holdout: string;
  target: string;
}

const SHARES = { test: 0.2, holdout: 0.1 };
const EXAMPLE = join(__dirname, "..", "..", "examples", "diabetes.csv");

/**
 * A table's rows to learn, to test on, and that nothing sees. HARMONIC_BENCH_SPLITS names a folder with NAME/train.csv,
 * NAME/test.csv and NAME/val.csv, e.g. the paper's; else adult, diabetes and mixed are split by a seed. The last column is
 * the target.
 */
export async function splitsOf(name: string): Promise<TableSplits> {
  const given = process.env["HARMONIC_BENCH_SPLITS"];
  if (given !== undefined && existsSync(join(given, name))) {
    return splitsIn(join(given, name), name, "val.csv");
  }
  const folder = benchmarkCache(`splits-${name}`);
  if (!existsSync(join(folder, "holdout.csv"))) {
    mkdirSync(folder, { recursive: true });
    await split(await sourceOf(name, folder), folder);
  }
  return splitsIn(folder, name, "holdout.csv");
}

function splitsIn(folder: string, name: string, holdout: string): TableSplits {
  const train = join(folder, "train.csv");
  return {
    name,
    train,
    test: join(folder, "test.csv"),
    holdout: join(folder, holdout),
    target: lastOf(train),
  };
}

const lastOf = (path: string): string =>
  readFileSync(path, "utf8").split(/\r?\n/, 1)[0]!.split(",").at(-1)!.replaceAll('"', "");

async function sourceOf(name: string, folder: string): Promise<string> {
  if (name === "adult") return adultPath();
  if (name === "diabetes") return EXAMPLE;
  if (name === "mixed") return writeMixedTable(join(folder, "table.csv"));
  throw new Error(`expected the table "${name}" in a folder of that name in HARMONIC_BENCH_SPLITS`);
}

async function split(path: string, folder: string): Promise<void> {
  const target = lastOf(path);
  const source = await readTable(path);
  const schema = inferSchema(source, { target });
  const columns = toColumns(source, schema);
  const parts = splitTable(columns, { target, ...SHARES, random: new Random(0) });
  for (const part of ["train", "test", "holdout"] as const) {
    const rows = selectRows(columns, parts[part]);
    await writeTable({ path: join(folder, `${part}.csv`) }, batchesOf(rows, schema), schema);
  }
}
