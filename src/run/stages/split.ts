import { rowCount, type Column } from "../../table/columns";
import { schemaToJson } from "../../table/schema-json";
import { batchesOf, writeTable } from "../../table/write";
import { writeText } from "../atomic";
import { FILES, type RunFolder } from "../folder";
import type { RealTables } from "../tables";

/** Writes the schema and the real rows by what they are for; a part without rows has no file. */
export async function splitStage(folder: RunFolder, tables: RealTables): Promise<void> {
  if (folder.isDone("split")) return;
  await folder.begin("split", folder.run.settings.split ?? {});
  await writeText(folder.path(FILES.schema), schemaToJson(tables.schema));
  const outputs: string[] = [FILES.schema];
  for (const part of ["train", "test", "holdout"] as const) {
    if (rowCount(tables[part]) === 0) continue;
    await writePart(folder, FILES[part], tables[part], tables);
    outputs.push(FILES[part]);
  }
  await folder.finish("split", outputs, {
    train: rowCount(tables.train),
    test: rowCount(tables.test),
    holdout: rowCount(tables.holdout),
  });
}

async function writePart(
  folder: RunFolder,
  name: string,
  columns: Column[],
  { schema }: Pick<RealTables, "schema">,
): Promise<void> {
  await writeTable({ path: folder.path(name) }, batchesOf(columns, schema), schema);
}
