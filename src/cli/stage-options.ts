import { MAX_K } from "../neighbors/find";
import { DEVICE_SPECS } from "./device";
import { choice, flag, inGroup, integer, list, real, share, size, text, texts } from "./options";
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

/** Which model learns the table. */
export const BASE_SPEC = text(
  "--base <model>",
  "table (a model of this table alone), a registered language model, a GGUF, or hf:owner/repo/file.gguf; default auto",
);

/** What goes into the schema beside the columns. */
export const RULE_SPECS = inGroup("Rules:", {
  rule: texts("--rule <rule>", 'what rows keep to, e.g. "end >= start"; may be given several times'),
  dependencies: flag("--no-dependencies", "do not keep to what columns say of one another in the table"),
});

export const PREPROCESS_SPECS = inGroup("Prompts of a language model:", {
  k: integer("--k <n>", "neighbours of each row in its prompt; default 5", { min: 0, max: MAX_K }),
  format: choice("--format <name>", "how rows are written; default compact", ["compact", "dict", "text"]),
  filter: integer(
    "--filter <r>",
    "keep rows of which more than r neighbours share the label; default: keep all",
    { min: 0 },
  ),
  labelInDistance: flag("--label-in-distance", "let the target count when neighbours are looked for"),
  compat: flag("--compat", "as the original method does it, byte for byte"),
  description: text("--description <text>", 'what the rows are about, e.g. "diabetic patients"'),
});

const LANGUAGE_MODEL_SPECS = inGroup("Training a language model:", {
  train: choice("--train <what>", "an adapter, or all weights of a small base; default adapter", [
    "adapter",
    "all",
  ]),
  rank: integer("--rank <r>", "rank of the adapter; default 16", { min: 1, max: 1024 }),
  alpha: real("--alpha <x>", "the adapter's product is scaled by alpha / rank; default 32", { above: 0 }),
  rslora: flag("--rslora", "scale the adapter's product by alpha / sqrt(rank) instead"),
  targets: list("--targets <names>", "matrices that are adapted, separated by commas; default all", [
    "q",
    "k",
    "v",
    "o",
    "gate",
    "up",
    "down",
  ]),
  groups: choice(
    "--groups <kind>",
    "rows of one prompt: a random partition of the table, or nearest neighbours; default partition",
    ["partition", "knn"],
  ),
  maxUses: integer(
    "--max-uses <n>",
    "times a row may be an example in an epoch of knn groups; default: any",
    { min: 1 },
  ),
  loss: choice("--loss <rows>", "rows of a group that are learnt; default all", ["all", "last"]),
  vocabulary: choice(
    "--vocabulary <tokens>",
    "tokens of the softmax: those the decoder may choose, or every one; default allowed",
    ["allowed", "full"],
  ),
  weights: choice("--weights <type>", "type of the frozen weights while training; default auto", [
    "auto",
    "int8",
    "bf16",
    "f16",
    "f32",
  ]),
});

const TABLE_MODEL_SPECS = inGroup("Training a table model; defaults by the table's size:", {
  numbers: choice("--numbers <kind>", "how numbers of many values are written; default auto", [
    "auto",
    "bins",
    "digits",
  ]),
  protectRare: integer(
    "--protect-rare <m>",
    "values of fewer rows are neither learned nor drawn; default 3, with under 1,000 rows 0",
    { min: 0 },
  ),
  layers: integer("--layers <n>", "blocks of the model", { min: 1, max: 64 }),
  width: integer("--width <n>", "values of a token's state", { min: 8, max: 4096 }),
  heads: integer("--heads <n>", "heads of attention; default 4", { min: 1, max: 64 }),
  ordinal: flag("--no-ordinal", "do not tell the model what numbers its tokens stand for"),
  smoothing: share("--smoothing <share>", "share of a number's label that its neighbours get", 0.9),
  averaging: share(
    "--averaging <share>",
    "share of the averaged weights that a step keeps; default 0.99",
    0.9999,
  ),
  validation: share("--validation <share>", "share of the training rows that choose the best step", 0.5),
});

/** Of both kinds of models, and what decides how training is done and nothing of what comes out. */
const TRAINING = "Training; defaults are a language model's, a table model's go by the table:";

export const TRAIN_SPECS = {
  ...inGroup(TRAINING, {
    epochs: real("--epochs <n>", "passes over the table; default: by its size", { above: 0, max: 10000 }),
    batch: integer("--batch <n>", "groups of rows a step; default 2", { min: 1 }),
    learningRate: real("--learning-rate <x>", "largest learning rate; default 0.001", { above: 0, max: 1 }),
    schedule: choice("--schedule <name>", "course of the learning rate; default cosine", [
      "cosine",
      "linear",
      "constant",
    ]),
    warmup: share("--warmup <share>", "share of the steps over which the learning rate rises; default 0.05"),
    weightDecay: real("--weight-decay <x>", "decay of the weights; default 0", { min: 0 }),
    clip: real("--clip <norm>", "largest norm of the gradient, 0: unlimited; default 1", { min: 0 }),
    dropout: share("--dropout <share>", "share of its inputs that a step leaves out; default 0", 0.9),
    permute: {
      ...share("--permute [share]", "share of the groups whose columns are in random order; plain: all"),
      preset: "1",
    },
    validateEvery: integer(
      "--validate-every <n>",
      "steps between looks at rows left out, of which the best weights are kept; default 0: none",
      { min: 0 },
    ),
    patience: integer(
      "--patience <n>",
      "looks without a better one before training ends early; default: all",
      { min: 1 },
    ),
  }),
  ...LANGUAGE_MODEL_SPECS,
  ...TABLE_MODEL_SPECS,
  ...DEVICE_SPECS,
};

export const TRAIN_CONTROL_SPECS = inGroup(TRAINING, {
  maxMemory: size("--max-memory <size>", "what training may take, e.g. 2GB or 900MB; default: any"),
  checkpointEvery: real(
    "--checkpoint-every <seconds>",
    "time between the states that killed training goes on from; default 30",
    { min: 0 },
  ),
});

export const SAMPLE_SPECS = {
  ...inGroup("Drawing rows:", {
    rows: integer("--rows <n>", "rows to draw; default: as many as there are to learn from", { min: 1 }),
    temperature: temperatureSpec,
    topP: real("--top-p <share>", "draw among the likeliest with this share together; default 1: all", {
      above: 0,
      max: 1,
    }),
    minP: share(
      "--min-p <share>",
      "leave out what is less likely than this share of the likeliest; default 0",
    ),
    allowCopies: flag(
      "--allow-copies",
      "keep rows that equal a row trained on; default: draw them again, unless the table repeats itself",
    ),
    minDistance: real(
      "--min-distance <d>",
      "draw rows again that are nearer to a row trained on; default 0",
      {
        min: 0,
      },
    ),
    attempts: integer("--attempts <n>", "draws of one row before an error; default 100", {
      min: 1,
      max: 10000,
    }),
    prompt: choice(
      "--prompt <kind>",
      "example rows: a random row's neighbours, random rows, or none; default anchor",
      ["anchor", "random", "none"],
    ),
    rowsPerPrompt: integer(
      "--rows-per-prompt <n>",
      "rows drawn behind each prompt: more is faster and less diverse; default 1",
      { min: 1, max: 256 },
    ),
    nSequences: integer("--n-sequences <n>", "rows decoded at once; default: by the memory they take", {
      min: 1,
      max: 4096,
    }),
    engine: choice("--engine <name>", "what evaluates the model; default auto: the faster one here", [
      "auto",
      "dense",
      "device",
      "graph",
      "llama",
    ]),
  }),
  ...DEVICE_SPECS,
};

/** What is scored beside the default. */
export const EVALUATE_SPECS = inGroup("Scores:", {
  dlt: integer(
    "--dlt <rows>",
    "rows of each table to compare the run's model by its losses on, 0: none; default 100",
    { min: 0 },
  ),
  lle: flag("--lle", "also tune the base model on the rows to predict the target; takes minutes"),
});
