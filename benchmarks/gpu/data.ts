import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CellLanguage } from "../../src/cells/cell-language";
import type { FormatName } from "../../src/instruct/format";
import { DEFAULT_BASE } from "../../src/model/registry";
import { resolveBase } from "../../src/model/resolve";
import { loadAddon } from "../../src/native/load";
import { tableTokenizer } from "../../src/sample/table-tokenizer";
import { rowCount } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { readTable } from "../../src/table/read";
import { modelColumns, tableTrainSettings } from "../../src/train/table-settings";
import { train } from "../../src/train/train";
import { benchTable, type BenchTable, type TableName } from "../tasks/tables";
import { writeArrays } from "./arrays";
import { requestArrays } from "./requests";

/** Examples in a prompt, as in training. */
const K = 5;

/** What a base writes rows in, by the name of the file. */
const FORMATS: Record<string, FormatName> = { compact: "compact", json: "dict" };

/**
 * Writes what the measurements on a machine without Node are handed: of a table in both formats its automaton, prompts
 * and groups (compact.arrays, json.arrays), and a table model of it, trained for `epochs`, with its own (cells.gguf,
 * cells.arrays).
 * @param base a GGUF, of which the tokenizer alone is looked at
 */
export async function writeData(out: string, name: TableName, base: string, epochs: number): Promise<void> {
  mkdirSync(out, { recursive: true });
  const table = await benchTable(name);
  const model = await loadAddon().openModel({ path: base, vocabularyOnly: true });
  try {
    const { nVocabulary, eos } = model.info();
    for (const [file, format] of Object.entries(FORMATS)) {
      const language = tableTokenizer(model, format, table.schema, table.columns);
      const arrays = requestArrays({ table, language, k: K, nVocabulary, eos });
      writeArrays(join(out, `${file}.arrays`), arrays);
    }
  } finally {
    model.close();
  }
  await writeTableModel(out, table, epochs);
}

/** Of the whole table: its size decides the model's. */
async function writeTableModel(
  out: string,
  { schema, path, description }: BenchTable,
  epochs: number,
): Promise<void> {
  const columns = toColumns(await readTable(path), schema);
  const language = CellLanguage.build(schema, columns);
  const work = join(out, "work");
  mkdirSync(work, { recursive: true });
  await train({
    ...{ schema, columns, description, format: "compact", k: 0, base: language, baseIdentity: description },
    settings: tableTrainSettings({ epochs }, rowCount(columns), modelColumns(schema)),
    ...{
      adapter: join(out, "cells.gguf"),
      checkpoint: join(work, "checkpoint"),
      log: join(work, "log.jsonl"),
    },
  });
  rmSync(work, { recursive: true });
  const table = { schema, columns, path, description };
  const arrays = requestArrays({ table, language, k: 0, nVocabulary: language.size, eos: -1 });
  writeArrays(join(out, "cells.arrays"), arrays);
}

async function main([out, name = "adult", epochs = "1"]: string[]): Promise<void> {
  if (out === undefined) throw new Error("expected the folder to write to");
  const base = await resolveBase(DEFAULT_BASE);
  await writeData(out, name as TableName, base.path, Number(epochs));
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
