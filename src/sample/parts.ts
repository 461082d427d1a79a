import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Schema, Table, tableFromIPC, tableToIPC } from "apache-arrow";
import { orFileError } from "../file-error";
import { writeText } from "../run/atomic";
import { lockFolder } from "../run/lock";
import { toRecordBatch } from "../table/batches";
import { rowCount, type Column } from "../table/columns";
import { columnsFromBatches } from "../table/from-batches";
import type { TableSchema } from "../table/schema";
import { noRedraws, type RedrawCounts } from "./redraw";

/** A finished group of rows. */
export interface Part {
  columns: Column[];
  /** columns of explanationSchema, where they were asked for */
  explained?: Column[];
  counts: RedrawCounts;
}

/**
 * Finished groups of a sampling in a folder, each an Arrow file 000000.arrow ... that appears whole or not at all, so that
 * an interrupted sampling goes on from them. One process at a time.
 */
export class Parts {
  private constructor(
    private readonly directory: string,
    private readonly schema: TableSchema,
    private readonly explanations: TableSchema,
    private readonly unlock: () => Promise<void>,
  ) {}

  /**
   * Opens the folder; what it holds of another identity is deleted first.
   * @throws E_IO, and E_RUN where another process works in it
   */
  static async open(
    directory: string,
    identity: string,
    schemas: { rows: TableSchema; explanations: TableSchema },
  ): Promise<Parts> {
    const identityPath = join(directory, "identity.json");
    await orFileError(mkdir(directory, { recursive: true }), directory);
    const unlock = await lockFolder(directory);
    try {
      const found = await readFile(identityPath, "utf8").catch(() => undefined);
      if (found !== identity) {
        await orFileError(emptyFolder(directory), directory);
        await writeText(identityPath, identity);
      }
      return new Parts(directory, schemas.rows, schemas.explanations, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** A path inside the folder, for what is not finished yet. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Group g, undefined where it is not there or not whole. */
  async read(g: number, nRows: number, explained: boolean): Promise<Part | undefined> {
    const rows = await readColumns(this.rowsPath(g), this.schema);
    if (rows === undefined || rowCount(rows.columns) !== nRows) return undefined;
    const explanation = explained ? await this.readExplained(g) : undefined;
    if (explained && explanation === undefined) return undefined;
    return { ...rows, ...(explanation && { explained: explanation }) };
  }

  async readExplained(g: number): Promise<Column[] | undefined> {
    return (await readColumns(this.explainedPath(g), this.explanations))?.columns;
  }

  async save(g: number, { columns, explained, counts }: Part): Promise<void> {
    // The rows come last: where they are there, all is.
    if (explained) await writeColumns(this.explainedPath(g), explained, this.explanations, noRedraws());
    await writeColumns(this.rowsPath(g), columns, this.schema, counts);
  }

  /** Deletes the rows of group g, which are somewhere else by now. */
  async discardRows(g: number): Promise<void> {
    await rm(this.rowsPath(g), { force: true });
  }

  /** Deletes the folder. */
  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Lets other processes in. Idempotent. */
  async close(): Promise<void> {
    await this.unlock();
  }

  private rowsPath(g: number): string {
    return this.path(`${String(g).padStart(6, "0")}.arrow`);
  }

  private explainedPath(g: number): string {
    return this.path(`${String(g).padStart(6, "0")}.explained.arrow`);
  }
}

/** Key of the counts in an Arrow file's metadata. */
const COUNTS = "harmonic.redraws";

async function writeColumns(
  path: string,
  columns: readonly Column[],
  schema: TableSchema,
  counts: RedrawCounts,
): Promise<void> {
  const batch = toRecordBatch(columns, schema);
  const described = new Schema(batch.schema.fields, new Map([[COUNTS, JSON.stringify(counts)]]));
  await writeText(path, tableToIPC(new Table(described, [batch]), "file"));
}

async function readColumns(path: string, schema: TableSchema): Promise<Part | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (!bytes) return undefined;
  try {
    const table = tableFromIPC(bytes);
    const counts = JSON.parse(table.schema.metadata.get(COUNTS) ?? "") as RedrawCounts;
    return { columns: columnsFromBatches(table.batches, schema), counts };
  } catch {
    return undefined; // not whole, so drawn again
  }
}

/** Deletes what a folder holds, but its lock. */
async function emptyFolder(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name !== ".lock") await rm(join(directory, name), { recursive: true });
  }
}
