import { HarmonicError } from "../../errors";
import { cellWriter } from "../../instruct/cell";
import { text } from "../../instruct/text";
import type { Random } from "../../random";
import type { StageControl } from "../../progress";
import { isMissing, rowCount, selectRows, type CategoryColumn, type Column } from "../../table/columns";
import { isIdentifierField, type TableSchema } from "../../table/schema";
import { Classifier, type ClassifierOptions, type LabelledPrompts } from "../../train/classifier";
import type { EvaluateOptions } from "../evaluate";
import { REAL } from "../evaluation";
import { CLASSIFICATION, measure } from "../examples";
import { around, bootstrapErrors } from "../intervals";
import type { Metric } from "../metric";
import { rowsOf, sampleIds } from "../rows";

/** Most rows that the model is tuned on, and tested on. */
const MAX_TRAIN = 2_000;
const MAX_TEST = 500;
/** Choices that are scored at most: each one is a pass over its row. */
const MAX_SCORED = 10_000;

export interface LlmEfficiencyOptions
  extends Pick<ClassifierOptions, "base" | "threads" | "device">, StageControl {
  tables: Pick<EvaluateOptions, "schema" | "train" | "test" | "synthetic">;
  seed: number;
  /** over those that go with the table's size */
  settings?: Partial<Pick<ClassifierOptions, "epochs" | "batch" | "learningRate">> | undefined;
}

/**
 * LLE, LLM efficiency (HARMONIC, section 5): the base model fine-tuned on the rows scored as text classification, the
 * target's cell given the others, tested on real test rows. A prediction is the likeliest choice, so none is missing.
 * @throws E_USAGE where the target is no category
 */
export function llmEfficiency({ tables, onProgress, ...options }: LlmEfficiencyOptions): Metric {
  const { schema, test } = tables;
  const target = test[checkTarget(schema)] as CategoryColumn;
  const nTest = Math.min(MAX_TEST, Math.max(1, Math.floor(MAX_SCORED / target.values.length)));
  return {
    name: "llm-efficiency",
    title: "LLE: weighted F1",
    area: "utility",
    direction: "higher",
    description:
      "How well the base language model, fine-tuned on the rows as text classification, predicts the target of real " +
      "test rows (weighted F1); beside it the same tuned on the real rows.",
    parts: CLASSIFICATION.slice(1).map((each) => ({ ...each })),
    yardstick: "train",
    async compute(_table, context, _whole, name) {
      const rows = name === REAL ? tables.train : tables.synthetic.find((one) => one.name === name)!.columns;
      const learnt = examplesOf(schema, rows, MAX_TRAIN, context.random("LLE rows"));
      const tested = examplesOf(schema, test, nTest, context.random("LLE test rows"));
      if (learnt.labels.length === 0 || tested.labels.length === 0) {
        return { value: NaN, notes: ["no row has a value in the target column"] };
      }
      const settings = { ...defaultsFor(learnt.labels.length), ...options.settings };
      const choices = target.values.map((value) => ` ${text.category(schema.fields[0]!, value)}`);
      const tell = (done: number, total: number): void => {
        const at = tables.synthetic.findIndex((one) => one.name === name) + 2;
        const note = `tuning on ${name}, ${at} of ${tables.synthetic.length + 1} tables`;
        onProgress?.({ stage: "LLE", done, total, unit: "tokens", note });
      };
      const notes = notesOn(learnt, rowCount(rows));
      const classifier = await Classifier.train(learnt, {
        ...options,
        ...settings,
        ...{ choices, onProgress: tell, onNote: (note) => notes.push(note) },
      });
      try {
        const predicted = await classifier.probabilities(tested.prompts);
        const { f1, ...parts } = measure(tested.labels, predicted, choices.length);
        const [error] = bootstrapErrors(
          tested.labels.length,
          (ids) => {
            const some = rowsOf(predicted, choices.length, ids);
            return [measure(rowsOf(tested.labels, 1, ids), some, choices.length).f1!];
          },
          context.random("bootstrap LLE"),
        );
        return {
          value: f1!,
          interval: around(f1!, error!, 0, 1),
          parts,
          detail: { ...settings, rows: learnt.labels.length, testRows: tested.labels.length },
          notes,
        };
      } finally {
        classifier.close();
      }
    },
  };
}

/** The paper's seven epochs where there are few rows, one where there are many; steps and rates for small base models. */
function defaultsFor(nRows: number): Pick<ClassifierOptions, "epochs" | "batch" | "learningRate"> {
  return { epochs: Math.min(7, Math.max(1, Math.round(MAX_TRAIN / nRows))), batch: 8, learningRate: 5e-4 };
}

interface Examples extends LabelledPrompts {
  labels: Float64Array;
}

/** At most `size` of the rows that have the target, in random order. */
function examplesOf(schema: TableSchema, table: Column[], size: number, random: Random): Examples {
  const at = schema.fields.findIndex(({ name }) => name === schema.target);
  const ids = sampleIds(rowCount(table), rowCount(table), random).filter(
    (row) => !isMissing(table[at]!, row),
  );
  const rows = selectRows(table, ids.subarray(0, size));
  return {
    prompts: promptsOf(schema, rows),
    labels: Float64Array.from((rows[at] as CategoryColumn).codes),
  };
}

/** "age is 30, job is clerk, income is", the target last; identifiers say nothing. */
function promptsOf(schema: TableSchema, rows: Column[]): string[] {
  const cells = schema.fields.flatMap((field, f) => {
    if (field.name === schema.target || isIdentifierField(field)) return [];
    const write = cellWriter(field, text, rows[f]!);
    return [(row: number) => `${field.name} is ${write(row) ?? text.missing}, `];
  });
  return Array.from(
    { length: rowCount(rows) },
    (_, row) => `${cells.map((write) => write(row)).join("")}${schema.target} is`,
  );
}

function notesOn({ labels }: Examples, n: number): string[] {
  return [
    ...(labels.length === MAX_TRAIN && n > MAX_TRAIN ? [`tuned on ${MAX_TRAIN} of the rows`] : []),
    ...(labels.every((label) => label === labels[0]) ? ["the rows hold one value of the target only"] : []),
  ];
}

/** Index of the target. */
function checkTarget(schema: TableSchema): number {
  const at = schema.fields.findIndex(({ name }) => name === schema.target);
  const field = schema.fields[at];
  if (field && "enum" in field.constraints && field.constraints.enum.length > 1) return at;
  const what = field ? `the column "${field.name}", which is none` : "no target";
  throw new HarmonicError(
    "E_USAGE",
    `expected a target of two categories or more for \`lle\` but received ${what}`,
    {
      hint: "LLE is a classification: leave --lle out, or name a column of categories with --target",
    },
  );
}
