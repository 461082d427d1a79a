import { readFile } from "node:fs/promises";
import { CellLanguage } from "../cells/cell-language";
import { HarmonicError } from "../errors";
import { schemaToJson } from "../table/schema-json";
import type { TableSchema } from "../table/schema";
import { writeText } from "./atomic";

/** Puts the cell vocabulary of a table model beside its schema, in the same file, under `cells`. */
export async function saveCells(path: string, schema: TableSchema, cells: CellLanguage): Promise<void> {
  const head = schemaToJson(schema).replace(/\n}\n$/, "");
  // In one line: a list of all values would bury the schema.
  await writeText(path, `${head},\n  "cells": ${JSON.stringify(cells.toJson())}\n}\n`);
}

/** The cell vocabulary of a table model. @throws E_RUN where the schema has none */
export async function loadCells(path: string, schema: TableSchema): Promise<CellLanguage> {
  const { cells } = JSON.parse(await readFile(path, "utf8")) as { cells?: unknown };
  if (cells !== undefined) return CellLanguage.fromJson(schema, cells);
  throw new HarmonicError("E_RUN", `${path} has no \`cells\`: the table model's vocabulary is gone`, {
    hint: "delete the folder's model.gguf and train again",
  });
}
