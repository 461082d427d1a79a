import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Evaluation, evaluationSchema } from "../evaluate/evaluation";
import type { ResolvedBase } from "../model/resolve";
import { AUTO_BASE, isTableBase } from "../model/table-base";
import { type StageControl, throwIfAborted } from "../progress";
import { rowCount } from "../table/columns";
import { languageTrainSettings, modelColumns, tableTrainSettings } from "../train/table-settings";
import type { TrainPlan } from "../train/train";
import { type BaseChoice, chooseBase, namedBase } from "./choose-base";
import { checkTableModel } from "./check-table-model";
import { FILES, RunFolder } from "./folder";
import { withPreset, type PresetName } from "./presets";
import { evaluateStage, type EvaluateStageSettings } from "./stages/evaluate";
import { preprocessStage, tablePreprocessSettings, type PreprocessSettings } from "./stages/preprocess";
import { plainSampleSettings, sampleDefaults, sampleStage, type SampleStageSettings } from "./stages/sample";
import { plainTrainSettings, trainedFile, trainStage, type TrainStageSettings } from "./stages/train";
import { defaultFolder, startRun } from "./start";
import type { RealTables } from "./tables";

export interface RunOptions extends StageControl {
  /** path, or "-" for an Arrow stream on standard input */
  table: string;
  /** the run folder; default "harmonic-" and the table's name */
  out?: string | undefined;
  target?: string | undefined;
  /** path of a schema; default: inferred */
  schema?: string | undefined;
  /** what rows keep to, e.g. "end >= start" */
  rules?: readonly string[] | undefined;
  /** whether rows keep to what columns say of one another in the table; default true */
  dependencies?: boolean | undefined;
  /** real rows to test on; default: a fifth of the table, kept from training */
  test?: string | undefined;
  /** real rows that nothing sees before the scores; default: a tenth of the table, kept from training */
  holdout?: string | undefined;
  /**
   * registered name, path of a GGUF, hf:owner/repo/file.gguf, "table" for a model of the table alone, or "auto" for
   * whichever suits the table [auto]
   */
  base?: string | undefined;
  /** default 0 */
  seed?: number | undefined;
  threads?: number | undefined;
  /** seconds between checkpoints of the training [30] */
  checkpointEverySeconds?: number | undefined;
  /** bytes that the process may take while training [any] */
  maxMemory?: number | undefined;
  /** settings that go together; those given below win over it */
  preset?: PresetName | undefined;
  preprocess?: PreprocessSettings | undefined;
  train?: TrainStageSettings | undefined;
  sample?: SampleStageSettings | undefined;
  evaluate?: EvaluateStageSettings | undefined;
  /** told which base was chosen, where that was left open */
  onBase?: ((choice: BaseChoice) => void) | undefined;
  /** told before training starts: what will be done, and about how long it takes here */
  onPlan?: ((plan: TrainPlan) => void) | undefined;
}

export interface RunResult {
  directory: string;
  /** paths of what a reader wants first; `model` in place of `adapter` where all weights were trained */
  files: { synthetic: string; adapter?: string; model?: string; metrics?: string; report?: string };
  /** absent where the table is too small to keep test rows */
  evaluation?: Evaluation;
}

/**
 * The main job: a real table in, a synthetic table and its scores out. Stages that an earlier call with the same options
 * has done are not done again, so an interrupted run goes on where it stopped.
 * @throws E_RUN where the folder holds another run, and whatever the stages throw
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { signal, threads, checkpointEverySeconds, maxMemory, preset, sample = {} } = options;
  const given = withPreset(preset, "preprocess", options.preprocess);
  const givenTrain = withPreset(preset, "train", options.train);
  const out = options.out ?? defaultFolder(options.table);
  const asked = options.base === AUTO_BASE ? undefined : options.base;
  const named = await namedBase(asked ?? (await notedBase(out)) ?? AUTO_BASE, options);
  let work!: RunWork;
  const folder = await startRun({
    table: options.table,
    out,
    target: options.target,
    schema: options.schema,
    rules: options.rules,
    dependencies: options.dependencies,
    test: options.test,
    holdout: options.holdout,
    seed: options.seed ?? 0,
    split: true,
    compat: given.compat,
    decide: async (tables) => {
      work = await workOf(tables, { named, preprocess: given, train: givenTrain, options });
      const { base, preprocess, train } = work;
      return {
        preprocess,
        rest: {
          base,
          settings: {
            train: plainTrainSettings(train, base),
            sample: plainSampleSettings(sample, sampleDefaults(base, preprocess.compat === true)),
          },
        },
      };
    },
  });
  const { base, preprocess, train } = work;
  const control = { signal, threads, device: train.device, onProgress: options.onProgress };
  try {
    const stages = [
      () => preprocessStage(folder, preprocess, control),
      () =>
        trainStage(folder, base, train, {
          ...control,
          checkpointEverySeconds,
          maxMemory,
          onPlan: options.onPlan,
        }),
      () => sampleStage(folder, sample, control),
    ];
    if (folder.has(FILES.test)) stages.push(() => evaluateStage(folder, control, options.evaluate));
    for (const stage of stages) {
      throwIfAborted(signal, "the run");
      await stage();
    }
    return await resultOf(folder);
  } finally {
    await folder.close();
  }
}

/** What the stages work with, once the table is known. */
interface RunWork {
  base: ResolvedBase;
  preprocess: PreprocessSettings;
  train: TrainStageSettings;
}

interface Wanted extends Omit<RunWork, "base"> {
  /** undefined: whichever suits the table */
  named: ResolvedBase | undefined;
  options: RunOptions;
}

async function workOf(tables: RealTables, { named, preprocess, train, options }: Wanted): Promise<RunWork> {
  const { schema, train: columns } = tables;
  let base = named;
  if (!base) {
    const choice = chooseBase({ schema, columns, preprocess, train, threads: options.threads });
    options.onBase?.(choice);
    base = (await namedBase(choice.name, options))!;
  }
  if (!isTableBase(base)) return { base, preprocess, train: languageTrainSettings(train) };
  const settings = tableTrainSettings(train, rowCount(columns), modelColumns(schema));
  const wanted = { base, preprocess: tablePreprocessSettings(preprocess), train: settings };
  checkTableModel(schema, columns, settings, options.sample?.allowCopies);
  return wanted;
}

/** The base of a run that the folder holds already, by its name. */
async function notedBase(directory: string): Promise<string | undefined> {
  if (!existsSync(join(directory, FILES.run))) return undefined;
  return (await RunFolder.read(directory)).run.base?.name;
}

async function resultOf(folder: RunFolder): Promise<RunResult> {
  const trained = trainedFile(folder.run.settings.train);
  const files = {
    synthetic: folder.path(FILES.synthetic),
    [trained === FILES.model ? "model" : "adapter"]: folder.path(trained),
  };
  if (!folder.isDone("evaluate")) return { directory: folder.directory, files };
  const metrics = folder.path(FILES.metrics);
  return {
    directory: folder.directory,
    files: { ...files, metrics, report: folder.path(FILES.report) },
    evaluation: evaluationSchema.parse(JSON.parse(await readFile(metrics, "utf8"))),
  };
}
