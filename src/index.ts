/** The library: every stage as a function, and the types that go between them. */
export { HarmonicError, isHarmonicError, type ErrorCode } from "./errors";
export type { OnProgress, Progress, StageControl } from "./progress";

export { run, type RunOptions, type RunResult } from "./run/run";
export type { BaseChoice } from "./run/choose-base";
export {
  preprocessTable,
  type PreprocessTableOptions,
  type PreprocessTableResult,
} from "./run/preprocess-table";
export { trainFolder, type TrainFolderOptions, type TrainFolderResult } from "./run/train-folder";
export { sampleFolder, type SampleFolderOptions, type SampleFolderResult } from "./run/sample-folder";
export {
  openGenerator,
  type RowGenerator,
  type DrawOptions,
  type OpenGeneratorOptions,
} from "./run/open-generator";
export { PRESETS, type PresetName } from "./run/presets";
export { RunFolder } from "./run/folder";

export { readTable, type ReadOptions, type TableFormat } from "./table/read";
export { batchesOf, writeTable, type WritableFormat, type WriteOptions } from "./table/write";
export { mergeParts, type MergePartsOptions } from "./table/merge";
export { inferSchema, type InferOptions } from "./table/infer";
export { loadSchema, parseSchema, schemaToJson } from "./table/schema-json";
export { toColumns } from "./table/convert";
export { toRecordBatch } from "./table/batches";
export { columnsFromBatches } from "./table/from-batches";
export type {
  CategoryField,
  DateField,
  Field,
  IdentifierField,
  NumberField,
  TableSchema,
  TextField,
} from "./table/schema";
export type { CategoryColumn, Column, DateColumn, FreeTextColumn, NumberColumn } from "./table/columns";
export type { TableSource } from "./table/source";

export { preprocess, type PreprocessOptions, type PreprocessResult } from "./preprocess/preprocess";
export { train, type TrainOptions, type TrainPlan, type TrainResult } from "./train/train";
export type { TrainSettings, TrainSettingsInput } from "./train/settings";
export {
  sample,
  sampleToFile,
  type SampleOptions,
  type SampleResult,
  type SampleToFileOptions,
} from "./sample/sample";
export type { SampleSettings, SampleSettingsInput } from "./sample/settings";
export type { Conditions } from "./sample/conditions";
export { parseCondition, parseRule } from "./rules/parse";
export { learnDependencies } from "./rules/dependencies";
export { runBench, type BenchOptions } from "./bench/bench";
export { readBenchFile, type BenchFile } from "./bench/bench-file";
export { formatBench, type BenchFigure, type BenchResult } from "./bench/summary";
export { evaluateFiles, type EvaluateFilesOptions } from "./run/evaluate-files";
export { evaluateFolder, type EvaluateFolderOptions } from "./run/evaluate-folder";
export { evaluate, type EvaluateOptions, type NamedTable } from "./evaluate/evaluate";
export type { Evaluation } from "./evaluate/evaluation";
export type { EvaluationContext, Metric, MetricResult } from "./evaluate/metric";
export { renderReport, type ReportOptions } from "./report/report";

export { chooseDevice, type Device } from "./devices/device";
export type { DeviceName } from "./devices/kinds";
export { diagnose, type Diagnosis } from "./doctor/diagnose";

export { pullModel } from "./model/pull";
export { resolveBase, type ResolvedBase } from "./model/resolve";
export { modelInfo } from "./model/info";
export { resolveAdapter } from "./model/adapter";
export { mergeAdapter, type MergeOptions, type MergeResult, type MergeType } from "./model/merge";
export { newModel, type NewModelOptions, type NewModelResult } from "./model/new";
export { exportAdapter, type ExportAdapterOptions, type ExportAdapterResult } from "./run/peft";
export { DEFAULT_BASE, MODELS, type RegisteredModel } from "./model/registry";
export type { ModelInfo, TrainTarget } from "./native/addon";
export { packageVersion, versions } from "./version";
