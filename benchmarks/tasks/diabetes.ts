import { join } from "node:path";
import { rowFormat } from "../../src/instruct/formats";
import { partitionGroups } from "../../src/instruct/groups";
import { inOrderOf, modelOrder } from "../../src/instruct/order";
import { Tokenizer } from "../../src/model/tokenizer";
import type { ModelHandle } from "../../src/native/addon";
import { Random } from "../../src/random";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { rowCount, type Column } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { readTable } from "../../src/table/read";
import type { TableSchema } from "../../src/table/schema";
import { type Lesson, LessonWriter } from "../../src/train/lesson";
import type { TrainSettings } from "../../src/train/settings";

export const K = 5;
const FORMAT = "compact";

export interface Diabetes {
  schema: TableSchema;
  columns: Column[];
  format: typeof FORMAT;
  description: string;
}

export async function readDiabetes(): Promise<Diabetes> {
  const path = join(__dirname, "..", "..", "examples", "diabetes.csv");
  const source = await readTable(path);
  const schema = inferSchema(source, { target: "Outcome" });
  return { schema, columns: toColumns(source, schema), format: FORMAT, description: "diabetes" };
}

export type Loss = Pick<TrainSettings, "loss" | "vocabulary">;

/** The first `n` groups of K + 1 rows of a random partition of the table, as lessons; the same for every subject. */
export async function diabetesLessons(
  model: ModelHandle,
  n: number,
  loss: Loss,
): Promise<{ automaton: RowAutomaton; lessons: Lesson[] }> {
  const table = await readDiabetes();
  const format = rowFormat(table.format);
  const schema = modelOrder(table.schema, format);
  const automaton = new RowAutomaton(schema, new TextLanguage(format, new Tokenizer(model)));
  const { description } = table;
  const options = { description, ...loss, eos: model.info().eos };
  const writer = new LessonWriter(automaton, inOrderOf(schema, table.columns), options);
  const groups = partitionGroups(rowCount(table.columns), K + 1, new Random(0).derive("benchmark"));
  return { automaton, lessons: groups.slice(0, n).map((group) => writer.write(group)) };
}
