import type { TrainBatch } from "../../src/native/addon";
import { partitionGroups } from "../../src/instruct/groups";
import { rowFormat } from "../../src/instruct/formats";
import { inOrderOf, modelOrder } from "../../src/instruct/order";
import { Tokenizer } from "../../src/model/tokenizer";
import { loadAddon } from "../../src/native/load";
import { Random } from "../../src/random";
import { RowAutomaton } from "../../src/sample/automaton";
import { TextLanguage } from "../../src/sample/text-language";
import { rowCount } from "../../src/table/columns";
import { toColumns } from "../../src/table/convert";
import { inferSchema } from "../../src/table/infer";
import { readTable } from "../../src/table/read";
import { LessonWriter } from "../../src/train/lesson";
import { packLessons } from "../../src/train/pack";

type Loss = "full" | "allowed";

/** What two trainers are to compute alike, as plain JSON. */
export interface TrainingProblem {
  rank: number;
  alpha: number;
  learningRate: number;
  weightDecay: number;
  clip: number;
  /** updates of the loss curve; step s learns batch s % batches.length */
  steps: number;
  /** token ids under loss; empty: every one */
  vocabulary: number[];
  /** a row of "0" and "1" for each set: which of the vocabulary are allowed; empty: all */
  allowedSets: string[];
  batches: PlainBatch[];
}

type PlainBatch = Record<"tokens" | "groupOffsets" | "lossPositions" | "labels" | "sets", number[]>;

export interface ProblemOptions {
  /** model whose tokens the rows become */
  base: string;
  table: string;
  target: string;
  /** "full": the last row of a group over the full vocabulary; "allowed": every row over the decoder's tokens */
  loss: Loss;
  rowsPerGroup: number;
  groupsPerBatch: number;
  nBatches: number;
  optimiser: Pick<TrainingProblem, "rank" | "alpha" | "learningRate" | "weightDecay" | "clip" | "steps">;
}

/** Real groups of a table as a problem. */
export async function makeProblem(options: ProblemOptions): Promise<TrainingProblem> {
  const { loss, nBatches, groupsPerBatch, rowsPerGroup } = options;
  const source = await readTable(options.table);
  const format = rowFormat("compact");
  const schema = modelOrder(inferSchema(source, { target: options.target }), format);
  const columns = inOrderOf(schema, toColumns(source, schema));
  const model = await loadAddon().openModel({ path: options.base, vocabularyOnly: true });
  const automaton = new RowAutomaton(schema, new TextLanguage(format, new Tokenizer(model)));
  const settings = { loss: loss === "full" ? ("last" as const) : ("all" as const), vocabulary: loss };
  const writer = new LessonWriter(automaton, columns, {
    ...{ description: "", eos: model.info().eos },
    ...settings,
  });
  const groups = partitionGroups(rowCount(columns), rowsPerGroup, new Random("parity"));
  const batches = Array.from({ length: nBatches }, (_, b) => {
    const lessons = groups
      .slice(b * groupsPerBatch, (b + 1) * groupsPerBatch)
      .map((group) => writer.write(group));
    return plainBatch(packLessons(lessons, Infinity)[0]!);
  });
  model.close();
  const { vocabulary, allowedSets } = automaton;
  const nSets = allowedSets.length / vocabulary.length;
  return {
    ...options.optimiser,
    vocabulary: loss === "full" ? [] : [...vocabulary],
    allowedSets:
      loss === "full"
        ? []
        : Array.from({ length: nSets }, (_, s) =>
            allowedSets.subarray(s * vocabulary.length, (s + 1) * vocabulary.length).join(""),
          ),
    batches,
  };
}

function plainBatch(batch: TrainBatch): PlainBatch {
  const { tokens, groupOffsets, lossPositions, labels, sets } = batch;
  return {
    tokens: [...tokens],
    groupOffsets: [...groupOffsets],
    lossPositions: [...lossPositions],
    labels: [...labels],
    sets: [...sets],
  };
}

/** A batch for our trainer; every position weighs the same. */
export function trainBatch(batch: PlainBatch): TrainBatch {
  const n = batch.labels.length;
  return {
    tokens: Int32Array.from(batch.tokens),
    groupOffsets: Int32Array.from(batch.groupOffsets),
    lossPositions: Int32Array.from(batch.lossPositions),
    labels: Int32Array.from(batch.labels),
    sets: Int32Array.from(batch.sets),
    weights: new Float32Array(n).fill(1 / n),
  };
}
