import { filterByLabel, filterCompat } from "../../instruct/filter";
import type { FormatName } from "../../instruct/format";
import { loadNeighbors } from "../../neighbors/file";
import type { PreprocessResult } from "../../preprocess/preprocess";
import type { Column } from "../../table/columns";
import { toColumns } from "../../table/convert";
import { readTable } from "../../table/read";
import { loadSchema } from "../../table/schema-json";
import type { TableSchema } from "../../table/schema";
import { HarmonicError } from "../../errors";
import { FILES, type RunFolder } from "../folder";

/** What `preprocess` has left in a folder, for training and sampling. */
export interface InstructionData extends Pick<
  PreprocessResult,
  "schema" | "columns" | "neighbors" | "k" | "format" | "description"
> {
  /** rows that the label filter kept; absent where there is none */
  targets?: Int32Array;
}

/** @throws E_RUN where the folder has not been preprocessed */
export async function loadInstructionData(folder: RunFolder): Promise<InstructionData> {
  if (!folder.isDone("preprocess")) {
    throw new HarmonicError("E_RUN", `${folder.directory} has no instruction data yet`, {
      hint: "harmonic run, or harmonic preprocess, does this part",
    });
  }
  const settings = folder.run.settings.preprocess ?? {};
  const schema = await loadSchema(folder.path(FILES.schema));
  const columns = await loadPart(folder, "train", schema);
  const { neighbors, k } = await loadNeighbors(folder.path(FILES.neighbors));
  const filter = settings.compat === true ? filterCompat : filterByLabel;
  const targets =
    typeof settings.filter === "number"
      ? filter(columns, schema, neighbors, { k, minimum: settings.filter }).kept
      : undefined;
  return {
    schema,
    columns,
    neighbors,
    k,
    format: settings.format as FormatName,
    description: descriptionOf(folder),
    ...(targets && { targets }),
  };
}

function descriptionOf({ run }: RunFolder): string {
  const description = run.stages.preprocess?.result?.description;
  return typeof description === "string" ? description : "";
}

/** The real rows of one part of the split. */
export async function loadPart(
  folder: RunFolder,
  part: "train" | "test" | "holdout",
  schema: TableSchema,
): Promise<Column[]> {
  return toColumns(await readTable(folder.path(FILES[part])), schema);
}
