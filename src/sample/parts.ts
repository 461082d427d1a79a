import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { Table, tableFromIPC, tableToIPC } from "apache-arrow";
import { fileError } from "../file-error";
import { writeText } from "../run/atomic";
import { columnsFromBatches, toRecordBatch } from "../table/batches";
import type { Column } from "../table/columns";
import { rowCount } from "../table/convert";
import type { TableSchema } from "../table/schema";

/** Finished chunks of a sampling, each an Arrow file part-00000.arrow ... that appears whole or not at all. */
export interface Parts {
  /** The rows of chunk c, undefined where it is not there or not whole. */
  read(c: number, nRows: number): Promise<Column[] | undefined>;
  save(c: number, columns: readonly Column[]): Promise<void>;
  /** Deletes the folder. */
  remove(): Promise<void>;
}

/** Opens a folder of parts; what it holds of another identity is deleted first. @throws E_IO */
export async function openParts(directory: string, identity: string, schema: TableSchema): Promise<Parts> {
  const identityPath = join(directory, "identity.json");
  const found = await readFile(identityPath, "utf8").catch(() => undefined);
  if (found !== identity) {
    try {
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
    } catch (cause) {
      throw fileError(cause, directory);
    }
    await writeText(identityPath, identity);
  }
  const pathOf = (c: number): string => join(directory, `part-${String(c).padStart(5, "0")}.arrow`);
  return {
    async read(c, nRows) {
      const bytes = await readFile(pathOf(c)).catch(() => undefined);
      if (!bytes) return undefined;
      try {
        const columns = columnsFromBatches(tableFromIPC(bytes).batches, schema);
        return rowCount(columns) === nRows ? columns : undefined;
      } catch {
        return undefined; // not whole, so drawn again
      }
    },
    async save(c, columns) {
      await writeText(pathOf(c), tableToIPC(new Table([toRecordBatch(columns, schema)]), "file"));
    },
    async remove() {
      await rm(directory, { recursive: true, force: true });
    },
  };
}
