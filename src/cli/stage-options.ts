import { MAX_K } from "../neighbors/find";
import { DEVICE_SPECS } from "./device";
import { choice, flag, integer, list, real, size, text, texts } from "./options";
import { temperatureSpec } from "./temperature";

/** Options that several commands share, by what they set. */
export const SHARED_SPECS = {
  seed: integer("--seed <n>", "seed of every random choice; default 0", { min: 0 }),
  threads: integer("--threads <n>", "threads; default: all cores", { min: 1 }),
};

export const PRESET_SPECS = {
  preset: choice("--preset <name>", "settings that go together; options given beside it win", [
    "harmonic-paper",
  ]),
};

export const PREPROCESS_SPECS = {
  k: integer("--k <n>", "neighbours of each row in its prompt; default 5", { min: 0, max: MAX_K }),
  format: choice("--format <name>", "how rows are written for the model; default compact", [
    "compact",
    "dict",
    "text",
  ]),
  filter: integer(
    "--filter <r>",
    "keep rows of which more than r neighbours share the label; default: keep all",
    {
      min: 0,
    },
  ),
  labelInDistance: flag("--label-in-distance", "let the target count when neighbours are looked for"),
  compat: flag("--compat", "as the original method does it, byte for byte"),
  description: text("--description <text>", 'what the rows are about, e.g. "diabetic patients"'),
};

/** What goes into the schema beside the columns. */
export const RULE_SPECS = {
  rule: texts("--rule <rule>", 'what rows keep to, e.g. "end >= start"; may be given several times'),
  dependencies: flag("--no-dependencies", "do not keep to what columns say of one another in the table"),
};

/** Which model learns the table. */
export const BASE_SPEC = text(
  "--base <model>",
  "table (a model of this table alone), a registered language model, a GGUF, or hf:owner/repo/file.gguf; default auto",
);

/** Of table models alone. */
const TABLE_SPECS = {
  numbers: choice("--numbers <kind>", "how a table model writes numbers of many values; default auto", [
    "auto",
    "bins",
    "digits",
  ]),
  protectRare: integer(
    "--protect-rare <m>",
    "values of fewer rows are neither learned nor drawn; default 3, with under 1,000 rows 0",
    { min: 0 },
  ),
  layers: integer("--layers <n>", "blocks of a table model; default: by the table's size", {
    min: 1,
    max: 64,
  }),
  width: integer("--width <n>", "values of its tokens' states; default: by the table's size", {
    min: 8,
    max: 4096,
  }),
  heads: integer("--heads <n>", "of its attention; default 4", { min: 1, max: 64 }),
  ordinal: flag("--no-ordinal", "do not tell a table model of few rows what its tokens' numbers are"),
  smoothing: real(
    "--smoothing <share>",
    "of a number's label that its neighbours get; default: by the size",
    {
      min: 0,
      max: 0.9,
    },
  ),
  averaging: real("--averaging <share>", "of the averaged weights that a step keeps; default 0.99", {
    min: 0,
    max: 0.9999,
  }),
  validation: real(
    "--validation <share>",
    "of the training rows that choose the best step; default: by the size",
    {
      min: 0,
      max: 0.5,
    },
  ),
};

export const TRAIN_SPECS = {
  ...TABLE_SPECS,
  train: choice("--train <what>", "an adapter, or all weights of a small base; default adapter", [
    "adapter",
    "all",
  ]),
  epochs: real("--epochs <n>", "passes over the table; default: by its size", { above: 0, max: 10000 }),
  batch: integer("--batch <n>", "groups of rows a step; default 2", { min: 1 }),
  learningRate: real("--learning-rate <x>", "default 0.001", { above: 0, max: 1 }),
  schedule: choice("--schedule <name>", "of the learning rate; default cosine", [
    "cosine",
    "linear",
    "constant",
  ]),
  warmup: real("--warmup <share>", "share of the steps over which it rises; default 0.05", {
    min: 0,
    max: 1,
  }),
  weightDecay: real("--weight-decay <x>", "default 0", { min: 0 }),
  clip: real("--clip <norm>", "largest norm of the gradient, 0: unlimited; default 1", { min: 0 }),
  rank: integer("--rank <r>", "of the adapter; default 16", { min: 1, max: 1024 }),
  alpha: real("--alpha <x>", "its product is scaled by alpha / rank; default 32", { above: 0 }),
  rslora: flag("--rslora", "scale it by alpha / sqrt(rank)"),
  dropout: real("--dropout <share>", "inputs of the adapter that a step leaves out; default 0", {
    min: 0,
    max: 0.9,
  }),
  targets: list("--targets <names>", "matrices that it adapts, separated by commas; default all", [
    "q",
    "k",
    "v",
    "o",
    "gate",
    "up",
    "down",
  ]),
  groups: choice("--groups <kind>", "rows of one prompt: a random partition, or nearest neighbours", [
    "partition",
    "knn",
  ]),
  maxUses: integer(
    "--max-uses <n>",
    "times a row may be an example in an epoch of knn groups; default: any",
    {
      min: 1,
    },
  ),
  permute: {
    ...real("--permute [share]", "share of the groups whose columns are in random order; plain: all", {
      min: 0,
      max: 1,
    }),
    preset: "1",
  },
  loss: choice("--loss <rows>", "rows of a group that are learnt; default all", ["all", "last"]),
  validateEvery: integer(
    "--validate-every <n>",
    "steps between looks at the holdout, of which the best adapter is kept; default: none",
    { min: 0 },
  ),
  patience: integer("--patience <n>", "looks without a better one before training ends early; default: all", {
    min: 1,
  }),
  vocabulary: choice("--vocabulary <tokens>", "of the softmax: those the decoder may choose, or every one", [
    "allowed",
    "full",
  ]),
  weights: choice("--weights <type>", "of the frozen weights while training; default auto", [
    "auto",
    "int8",
    "bf16",
    "f16",
    "f32",
  ]),
  ...DEVICE_SPECS,
};

/** What decides how training is done, and nothing of what comes out. */
export const TRAIN_CONTROL_SPECS = {
  maxMemory: size("--max-memory <size>", "what training may take, e.g. 2GB or 900MB; default: any"),
  checkpointEvery: real("--checkpoint-every <seconds>", "training that is killed goes on from; default 30", {
    min: 0,
  }),
};

/** What is scored beside the default. */
export const EVALUATE_SPECS = {
  dlt: integer(
    "--dlt <rows>",
    "rows of each table to compare the run's model by its losses on, 0: none; default 100",
    { min: 0 },
  ),
  lle: flag("--lle", "also tune the base model on the rows to predict the target; takes minutes"),
};

export const SAMPLE_SPECS = {
  rows: integer("--rows <n>", "rows to draw; default: as many as there are to learn from", { min: 1 }),
  temperature: temperatureSpec,
  topP: real("--top-p <share>", "draw among the likeliest with this share together; default 1: all", {
    above: 0,
    max: 1,
  }),
  minP: real("--min-p <share>", "leave out what is less likely than this share of the likeliest; default 0", {
    min: 0,
    max: 1,
  }),
  allowCopies: flag(
    "--allow-copies",
    "keep rows that equal a row trained on; default: draw them again, unless the table repeats itself",
  ),
  minDistance: real("--min-distance <d>", "draw rows again that are nearer to a row trained on; default 0", {
    min: 0,
  }),
  attempts: integer("--attempts <n>", "draws of one row before an error; default 100", {
    min: 1,
    max: 10000,
  }),
  prompt: choice(
    "--prompt <kind>",
    "example rows: a random row's neighbours, random rows, or none; default anchor",
    ["anchor", "random", "none"],
  ),
  ...DEVICE_SPECS,
  engine: choice("--engine <name>", "what evaluates the model; default auto: the faster one here", [
    "auto",
    "dense",
    "graph",
    "llama",
  ]),
  rowsPerPrompt: integer("--rows-per-prompt <n>", "more is faster and less diverse; default 1", {
    min: 1,
    max: 256,
  }),
  nSequences: integer("--n-sequences <n>", "rows decoded at once; default: by the memory they take", {
    min: 1,
    max: 4096,
  }),
};
