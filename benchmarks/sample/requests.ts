import { readFileSync, writeFileSync } from "node:fs";
import { inOrderOf, modelOrder } from "../../src/instruct/order";
import { loadAddon } from "../../src/native/load";
import { RowAutomaton } from "../../src/sample/automaton";
import { PromptSource } from "../../src/sample/prompts";
import { tableTokenizer } from "../../src/sample/table-tokenizer";
import type { TableSchema } from "../../src/table/schema";
import { benchmarkCache } from "../harness/cache";
import { benchTable, type TableName } from "../tasks/tables";
import { compactGrammar, jsonSchema } from "./grammar";
import { type BenchFormat, K } from "./models";

/** What a peer asks its engine: the token ids of our own prompts, and what holds the answer. */
export interface Requests {
  /** with K examples each; they come round */
  examples: number[][];
  none: number[];
  schema: TableSchema;
  /** of the compact format */
  delimiter: string;
  grammar: string;
  jsonSchema: object;
  /** for a library without patterns */
  plainJsonSchema: object;
}

const PROMPTS = 256;

/** Writes the requests of a table in a format to a file, and resolves to its path. */
export async function writeRequests(model: string, name: TableName, format: BenchFormat): Promise<string> {
  const table = await benchTable(name);
  const handle = await loadAddon().openModel({ path: model, vocabularyOnly: true });
  try {
    const made = tableTokenizer(handle, format, table.schema, table.columns);
    const schema = modelOrder(table.schema, made);
    const automaton = new RowAutomaton(schema, made);
    const options = {
      ...{ columns: inOrderOf(schema, table.columns), description: table.description, k: K, seed: 0 },
      neighbors: { ids: new Int32Array(0), width: K },
    };
    const prompts = new PromptSource(automaton, { ...options, prompt: "random" });
    const requests: Requests = {
      examples: Array.from({ length: PROMPTS }, (_, p) => [...prompts.prompt(p)]),
      none: [...new PromptSource(automaton, { ...options, prompt: "none" }).prompt(0)],
      schema,
      delimiter: made.format.rowLiterals(schema)[1]!,
      grammar: compactGrammar(schema, made.format),
      jsonSchema: jsonSchema(schema, true),
      plainJsonSchema: jsonSchema(schema, false),
    };
    const path = benchmarkCache(`requests-${name}-${format}.json`);
    writeFileSync(path, JSON.stringify(requests));
    return path;
  } finally {
    handle.close();
  }
}

export const readRequests = (path: string): Requests => JSON.parse(readFileSync(path, "utf8")) as Requests;
