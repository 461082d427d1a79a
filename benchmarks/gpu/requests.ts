import { partitionGroups } from "../../src/instruct/groups";
import { inOrderOf, modelOrder } from "../../src/instruct/order";
import { Random } from "../../src/random";
import { RowAutomaton } from "../../src/sample/automaton";
import { edgeCounts } from "../../src/sample/edge-counts";
import type { RowLanguage } from "../../src/sample/language";
import { joined } from "../../src/sample/joined";
import { PromptSource } from "../../src/sample/prompts";
import { RowPlan } from "../../src/sample/row-plan";
import { rowCount } from "../../src/table/columns";
import { type Lesson, LessonWriter } from "../../src/train/lesson";
import type { BenchTable } from "../tasks/tables";
import type { NamedArrays } from "./arrays";

/** Prompts and groups, which come round. */
const PROMPTS = 256;
const GROUPS = 256;

export interface Task {
  table: BenchTable;
  language: RowLanguage;
  /** examples in a prompt; 0: there are none, and nothing to be learnt by an adapter */
  k: number;
  nVocabulary: number;
  eos: number;
}

/** What a program without Node needs to draw rows of a table, and to train an adapter on its groups. */
export function requestArrays(task: Task): NamedArrays {
  const { table, language, k } = task;
  const schema = modelOrder(table.schema, language);
  const columns = inOrderOf(schema, table.columns);
  const automaton = new RowAutomaton(schema, language, true);
  const plan = new RowPlan({ automaton, columns, seed: 0 });
  const { tables } = plan;
  const nRows = rowCount(columns);
  const rows = Array.from(
    { length: Math.min(nRows, 1000) },
    (_, i) => automaton.encodeRow(columns, i).tokens,
  );
  return {
    n_vocabulary: Int32Array.of(task.nVocabulary),
    "automaton.edge_offsets": tables.edgeOffsets,
    "automaton.edge_tokens": tables.edgeTokens,
    "automaton.edge_next": tables.edgeNext,
    "automaton.edge_columns": tables.edgeColumns,
    "automaton.edge_actions": tables.edgeActions,
    "automaton.column_kinds": tables.columnKinds,
    "automaton.text_limits": tables.textLimits ?? new Int32Array(0),
    "automaton.values": tables.edgeValues ?? new Float64Array(0),
    "automaton.edge_weights": tables.edgeWeights ?? new Float64Array(0),
    decimals: plan.decimals,
    edge_counts: edgeCounts({
      ...{ tables, starts: plan.starts, nRows },
      tokensOf: (row, order) => automaton.encodeRow(columns, row, order).tokens,
    }),
    longest_row: Int32Array.of(plan.longestRow),
    mean_row: Float64Array.of(rows.reduce((sum, row) => sum + row.length, 0) / rows.length),
    ...prompts(task, automaton, columns, "none"),
    ...(k > 0 && { ...prompts(task, automaton, columns, "random"), ...lessons(task, schema) }),
  };
}

function prompts(
  { table: { description }, k }: Task,
  automaton: RowAutomaton,
  columns: BenchTable["columns"],
  prompt: "random" | "none",
): NamedArrays {
  const neighbors = { ids: new Int32Array(0), width: k };
  const source = new PromptSource(automaton, { columns, description, k, neighbors, prompt, seed: 0 });
  const n = prompt === "none" ? 1 : PROMPTS;
  const { values, offsets } = joined(Array.from({ length: n }, (_, p) => source.prompt(p)));
  const name = prompt === "none" ? "prompts.none" : "prompts.examples";
  return { [name]: values, [`${name}_offsets`]: offsets };
}

/** Groups of a random partition; beside ours, the positions that the peer learns: of the last row, over all tokens. */
function lessons({ table, language, k, eos }: Task, schema: BenchTable["schema"]): NamedArrays {
  const { description } = table;
  const columns = inOrderOf(schema, table.columns);
  const automaton = new RowAutomaton(schema, language);
  const groups = partitionGroups(rowCount(columns), k + 1, new Random(0).derive("benchmark")).slice(
    0,
    GROUPS,
  );
  const written = (loss: "all" | "last", vocabulary: "allowed" | "full"): Lesson[] => {
    const writer = new LessonWriter(automaton, columns, { description, loss, vocabulary, eos });
    return groups.map((group) => writer.write(group));
  };
  const ours = written("all", "allowed");
  const theirs = joined(written("last", "full").map(({ lossPositions }) => lossPositions));
  const tokens = joined(ours.map((lesson) => lesson.tokens));
  const positions = joined(ours.map((lesson) => lesson.lossPositions));
  return {
    vocabulary: automaton.vocabulary,
    allowed_sets: automaton.allowedSets,
    "lessons.tokens": tokens.values,
    "lessons.token_offsets": tokens.offsets,
    "lessons.positions": positions.values,
    "lessons.loss_offsets": positions.offsets,
    "lessons.labels": joined(ours.map(({ labels }) => labels)).values,
    "lessons.sets": joined(ours.map(({ sets }) => sets)).values,
    "lessons.rows": Int32Array.of(k + 1),
    "peer.positions": theirs.values,
    "peer.offsets": theirs.offsets,
  };
}
