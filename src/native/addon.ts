/**
 * The addon's whole contract. Native code knows tokens, float matrices, file paths and seeds; everything
 * about columns, prompts and metrics stays in TypeScript. Arrays come back as ArrayBuffers, which the caller
 * wraps. Every rejected promise carries `code` (see errors.ts) and, where there is one, `hint`.
 */
export interface Addon {
  versions(): Versions;

  /**
   * Loads ggml's backends from the folder of the addon and picks the best CPU variant. Called once by load.ts.
   * Returns the names of the devices found.
   */
  loadBackends(directory: string): string[];

  /** What ggml can compute on: the devices of the backends that are loaded. */
  devices(): DeviceInfo[];

  /**
   * Loads a backend of ggml from a library, once, and returns its name; its devices are then among devices(). `needs`:
   * libraries that it asks the system for, by path, where the system would not find them. Throws E_NATIVE.
   */
  loadBackend(path: string, needs: string[]): string;

  /** The system's reason why a shared library cannot be loaded by this name; empty where it can. */
  libraryObstacle(name: string): string;

  /** GPUs that neighbours are searched on; 0 where the Faiss that the addon is built with has no GPU part. */
  neighborGpus(): number;

  /** Instruction sets that the CPU backend makes use of, e.g. "AVX512_VNNI". */
  cpuFeatures(): string[];

  /** k nearest neighbours by squared Euclidean distance, exact unless asked otherwise; ties go to the smaller id. */
  nearestNeighbors(options: NearestNeighborsOptions): Promise<NearestNeighborsResult>;

  /** Makes points ready for many searches of nearestNeighbors' kind. */
  openNeighborIndex(options: Omit<NearestNeighborsOptions, "queries">): Promise<NeighborIndexHandle>;

  /** Opens a GGUF for tokenising and sampling, with an adapter of ours (or any llama.cpp LoRA) if given. */
  openModel(options: OpenModelOptions): Promise<ModelHandle>;

  /** Builds the training graph over the weights of a GGUF. Refuses architectures that it cannot train. */
  openTrainer(options: OpenTrainerOptions): Promise<TrainerHandle>;

  /** What a training pass would take, from the base's header alone; nothing is loaded. */
  trainerMemory(options: OpenTrainerOptions, shape: BatchShape): Promise<TrainerMemory>;

  /** Why a trainer is not to compute on its device, found by a probe of both; empty where it computes what the CPU does. */
  trainingObstacle(options: OpenTrainerOptions): Promise<string>;

  /** Trains all weights of a small model in F32. Refuses architectures that it cannot train. */
  openFullTrainer(options: OpenFullTrainerOptions): Promise<FullTrainerHandle>;

  /** Writes a llama-architecture model with random weights as a standalone F32 GGUF, for openFullTrainer. */
  writeScratchModel(options: ScratchModelOptions): Promise<void>;

  /** Begins to write base + adapter as one GGUF; the caller steps through it and gives the file its name. */
  openMerger(options: OpenMergerOptions): Promise<MergerHandle>;

  /** Fits one learner on (x, y) and predicts `test`; deterministic for a seed. */
  fitPredict(options: FitPredictOptions): Promise<ArrayBuffer>;
}

export interface Versions {
  addon: string;
  llama: string;
  faiss: string;
  xgboost: string;
  liblinear: string;
}

export interface DeviceInfo {
  /** ggml's, e.g. "CUDA0"; what `device` of OpenModelOptions takes */
  name: string;
  /** of the hardware */
  description: string;
  /** "CPU", "CUDA", "Vulkan" or "MTL" (Metal) */
  backend: string;
  /** "igpu" shares the system's memory */
  type: "cpu" | "gpu" | "igpu" | "accel";
  /** bytes, 0 where the backend cannot tell */
  memoryFree: number;
  memoryTotal: number;
}

export interface NearestNeighborsOptions {
  /** shape (n, d), row-major */
  points: Float32Array;
  d: number;
  /** shape (m, d); absent: the points themselves, each excluding its own id */
  queries?: Float32Array;
  k: number;
  threads: number;
  /** of many points look only at those in cells of space near a row: fast, ids may not be the nearest [false] */
  approximate?: boolean;
  /** an exact search uses a GPU where there is one that Faiss was built for [true] */
  gpu?: boolean;
}

export interface NearestNeighborsResult {
  /** Int32, shape (m, k), ascending distance */
  ids: ArrayBuffer;
  /** Float32, shape (m, k), squared Euclidean */
  distances: ArrayBuffer;
}

export interface NeighborIndexHandle {
  /** the k nearest points of each of queries, shape (m, d) */
  search(queries: Float32Array): Promise<NearestNeighborsResult>;
  close(): void;
}

export interface OpenModelOptions {
  path: string;
  /** LoRA adapter as GGUF */
  adapter?: string;
  /** only the vocabulary: tokenising, no weights */
  vocabularyOnly?: boolean;
  /** what draws rows [llama] */
  engine?: SampleEngine;
  /** ggml's name of the device that evaluates, with the engines device and llama; absent: the CPU alone */
  device?: string;
}

/**
 * "llama": llama.cpp, for any base; "graph": our own graph over 8-bit weights, for trainable bases on a processor with
 * fast 8-bit products; "dense": in F32, hundreds of rows in lock-step (nSequences up to 4096), for small trainable bases
 * without an adapter; "device": our own graph of ggml's operations for trainable bases on a device, or as it would be there
 * on the processor; "auto": on a device, device where it can be had and computes there what it does on the processor, else
 * llama; on the processor dense for a base of F32 matrices and at most 20 million weights, the graph where it can be had and
 * the base holds no F32 matrices. Only llama has logProbabilities.
 */
export type SampleEngine = "auto" | "dense" | "device" | "graph" | "llama";

export interface ModelInfo {
  architecture: string;
  name: string;
  nParameters: number;
  /** bytes of the tensors */
  size: number;
  nVocabulary: number;
  nEmbedding: number;
  nLayers: number;
  nHeads: number;
  nHeadsKv: number;
  nContextTrained: number;
  /** e.g. "Q4_1" */
  fileType: string;
  /** "spm", "bpe", "wpm", "ugm", "rwkv" or "none" */
  vocabularyType: string;
  bos: number;
  eos: number;
  chatTemplate: string;
  /** empty when the trainer can train it, else why not */
  untrainable: string;
  /** what draws rows from it */
  engine: "dense" | "device" | "graph" | "llama";
  /** why the engine auto has not taken device on a device, where it could: it computes something else there; else empty */
  obstacle: string;
}

export interface ModelHandle {
  info(): ModelInfo;
  /**
   * Token ids of each text on its own: no BOS, no dummy prefix space, control tokens as plain text.
   * Concatenating the ids of pieces is how every text of ours is segmented, in training and in sampling.
   */
  tokenize(texts: string[]): { ids: ArrayBuffer /* Int32 */; offsets: ArrayBuffer /* Int32, texts + 1 */ };
  /** Bytes of each token, as text where they are UTF-8. */
  detokenize(ids: Int32Array): string;
  /** Log-probabilities (natural log) of the full vocabulary after each position, Float32 (n, vocabulary). For tests. */
  logProbabilities(ids: Int32Array): Promise<ArrayBuffer>;
  openGenerator(options: OpenGeneratorOptions): Promise<GeneratorHandle>;
  /** Idempotent; a generator of this model keeps what it needs alive. */
  close(): void;
}

/**
 * A row as a finite automaton over token ids: a row starts in state 0 or in one given by `startStates` (several row
 * automata, of several column orders, may lie one behind another), and a state without edges is the end. Taking an edge
 * emits its token. There are no cycles but text cells' edges from a state to itself. A cell is never empty of tokens:
 * it ends with the edge that leads to another column's state, or to the end. See src/sample/automaton.ts, which compiles
 * it from schema and format.
 */
export interface AutomatonTables {
  /** Int32, states + 1: the edges of state s are edgeOffsets[s] .. edgeOffsets[s + 1] */
  edgeOffsets: Int32Array;
  /**
   * token id of each edge. Negative ones are silent: the model neither reads nor weighs them, and they do not count for a
   * row's length. A state's edges are all silent or none, and a silent state is left at once by a draw with
   * edgeWeights (at temperature 0 the heaviest). Within a state tokens differ.
   */
  edgeTokens: Int32Array;
  /** state that each edge leads to */
  edgeNext: Int32Array;
  /** column that the edge belongs to, or -1 for literal text */
  edgeColumns: Int32Array;
  /**
   * what the edge does to its column's value: -1 nothing; for a category the index of the value (set once);
   * for a number 0-9 appends a digit, 10 makes it negative, 100 + e multiplies it by 10^e, 1000 + i makes it
   * edgeValues[i], whatever it was;
   * for a text the number of characters (code points) that begin in the token's bytes: 0 for one that only goes on with
   * a character, and the end of the cell is an edge with the text's column and -1;
   * -2 sets missing (all kinds)
   */
  edgeActions: Int32Array;
  /** per column: 0 category, 1 number (also dates: the ISO digits run together), 2 text */
  columnKinds: Int32Array;
  /**
   * shape (columns, 2): fewest and most characters of a text; ignored for other kinds. A token is allowed where what is
   * left of the limit has room for it, the bytes go on as UTF-8 and the fewest characters can still be reached; the end
   * where a character is whole and they are. A text takes at most as many tokens as characters, four times that where
   * some of its tokens have action 0.
   */
  textLimits?: Int32Array;
  /** scaled values, whole numbers, that edges set */
  edgeValues?: Float64Array;
  /**
   * one an edge, where there are silent states: how often each of their edges is drawn, positive, in proportion; others
   * are ignored
   */
  edgeWeights?: Float64Array;
}

/** How rows depend on themselves; columns by index. See OpenGeneratorOptions.rules. */
export type Rule =
  /** both numbers; values are compared at their decimals; satisfied where one of them is missing */
  | { kind: "compare"; left: number; op: "<" | "<=" | ">" | ">=" | "=" | "!="; right: number }
  /** the allowed combinations, shape (m, columns.length): codes or scaled values; -1 or NaN missing, a value like others */
  | { kind: "combination"; columns: number[]; rows: Float64Array }
  /**
   * the column is the program's result at its decimals, rounded half away from zero: sign(x) * floor(|x| * 10^decimals *
   * (1 + 1e-12) + 0.5); missing exactly where an operand is or the result is not finite. Postfix pairs (operation,
   * operand): 0 push the constant operand, 1 push the value of column `operand` (in units, not scaled), 2 add,
   * 3 subtract, 4 multiply, 5 divide
   */
  | { kind: "derived"; column: number; terms: Float64Array };

/** Speed-ups that can be turned off, to measure what each gains [all true]. */
export interface GeneratorSwitches {
  /** forced tokens are taken without asking the model, several a step */
  jumpForward?: boolean;
  /** what all prompts begin with is evaluated once */
  sharePrefix?: boolean;
  /** a prompt is evaluated once for all its rows */
  sharePrompt?: boolean;
  /** the head computes the logits of the table's tokens alone (our own engines) */
  cutVocabulary?: boolean;
  /**
   * likely tokens are evaluated before they are drawn and kept where they are what is drawn, as far as that is likely to
   * spare more than it costs: draws are the same, but for rounding
   */
  drafts?: boolean;
  /** keys and values are kept in 16 bits, not 32 */
  smallCache?: boolean;
  /** products of small models take factors of 16 bits, where this processor multiplies those faster */
  halfProducts?: boolean;
}

export interface OpenGeneratorOptions {
  automaton: AutomatonTables;
  /** rows decoded in lock-step */
  nSequences: number;
  /** tokens of the longest prompt plus row */
  nContext: number;
  threads: number;
  /**
   * A rule binds the last of its columns in the order that the row writes them, and holds back from earlier ones what
   * could not be satisfied any more (by bounds for compare and derived, by the remaining combinations): where nothing is
   * left for a cell the row ends as failed. Rules that contradict each other or the schema are E_USAGE.
   */
  rules?: Rule[];
  /** digits behind the point of each column's scaled values, for compare and derived [0] */
  decimals?: Int32Array;
  /** how many rows of the table take each edge: what drafts are guessed from beside the rows in a prompt */
  edgeCounts?: Int32Array;
  switches?: GeneratorSwitches;
  /** results come with explanations; the head then gives every logit */
  explain?: boolean;
}

export interface GenerateOptions {
  /** prompts one after another; a prefix that all of them share is evaluated once */
  prompts: Int32Array;
  /** Int32, prompts + 1 */
  promptOffsets: Int32Array;
  /** rows drawn after each prompt; prompts * rowsPerPrompt <= nSequences */
  rowsPerPrompt: number;
  /** one seed a row, shape (prompts * rowsPerPrompt); a row's draws depend on its seed alone */
  seeds: BigUint64Array;
  temperature: number;
  /** where each row starts in the automaton, shape (rows) [0] */
  startStates?: Int32Array;
  /**
   * token ids, silent ones too, that each row begins with, walked from its start state: they set cells as drawn ones
   * do. E_USAGE where the automaton does not allow them; a row whose prefix breaks a rule is failed
   */
  prefixes?: Int32Array;
  /** Int32, rows + 1 */
  prefixOffsets?: Int32Array;
  /** of each column's cells, shape (columns); NaN: the general one */
  temperatures?: Float64Array;
  /** least likely allowed tokens beyond this share are left out, after temperature; 1: none [1] */
  topP?: number;
  /** allowed tokens less likely than this share of the likeliest are left out, after temperature; 0: none [0] */
  minP?: number;
}

/** Texts one behind another: text i is bytes[offsets[i]] .. bytes[offsets[i + 1]]. */
export interface TextBuffers {
  /** Int32, rows + 1 */
  offsets: ArrayBuffer;
  /** UTF-8 */
  bytes: ArrayBuffer;
  /** Uint8 (rows): 1 missing */
  missing: ArrayBuffer;
}

/** Of each cell, as the model sees it: at temperature 1, without topP and minP. Forced and given cells have 0 and 1. */
export interface Explanations {
  /** Float32 (rows, columns): natural log of the cell's probability among what automaton and rules allowed */
  logProbabilities: ArrayBuffer;
  /** Float32 (rows, columns): product over the cell's drawn tokens of the full softmax's share on the allowed ones */
  allowedMass: ArrayBuffer;
}

export interface GenerateResult {
  /**
   * one a column, each of (prompts * rowsPerPrompt) rows: category: Int32 index, -1 missing; number: Float64 scaled
   * integer, NaN missing; text: TextBuffers
   */
  columns: (ArrayBuffer | TextBuffers)[];
  /**
   * Int32 (rows): -1, or the index of the rule that the row could not satisfy (rules.length where it was none); the
   * cells of such a row mean nothing
   */
  failed: ArrayBuffer;
  /** where the generator was opened with `explain` */
  explanations?: Explanations;
  /** tokens evaluated: prompt and row */
  nTokens: number;
}

export interface GeneratorHandle {
  /** One bounded lock-step pass: all rows of all prompts given. */
  generate(options: GenerateOptions): Promise<GenerateResult>;
  /** What the engine device leaves to the CPU, for its device has no kernel for it, by name. */
  onCpu(): string[];
  /** Ends a running generate() early with E_ABORTED. */
  abort(): void;
  close(): void;
}

/** "auto": "int8" where the processor multiplies 8-bit integers fast (VNNI), else "bf16", as on a device. */
export type WeightType = "auto" | "int8" | "bf16" | "f16" | "f32";
export type TrainTarget = "q" | "k" | "v" | "o" | "gate" | "up" | "down";

export interface OpenTrainerOptions {
  path: string;
  /** a finished LoRA (GGUF) that the frozen weights hold beside the base's: for losses under it, or to train on top */
  adapter?: string;
  rank: number;
  alpha: number;
  /** share of the values that A does not see in training passes, the others scaled up for it [0] */
  dropout?: number;
  targets: TrainTarget[];
  seed: number;
  threads: number;
  /** type that the frozen weights are held in while training */
  weights: WeightType;
  /** ggml's name of the device that computes; absent: the CPU */
  device?: string;
  /** keep each block's input alone and compute the block again in the backward pass: the same result [false] */
  recompute?: boolean;
  /** token ids that carry loss (the decoder's), ascending; empty: the full vocabulary */
  vocabulary: Int32Array;
  /** Uint8, shape (sets, vocabulary.length): which of them are allowed in each distinct state; empty: all */
  allowedSets: Uint8Array;
}

/** One micro-batch: groups of rows packed one after another, N tokens in all and no padding. */
export interface TrainBatch {
  /** shape (N) */
  tokens: Int32Array;
  /** where each group starts, and N; attention stays inside a group and positions restart there; shape (groups + 1) */
  groupOffsets: Int32Array;
  /** positions that predict the next token under loss, ascending, shape (R) */
  lossPositions: Int32Array;
  /** index into `vocabulary` (or token id) of the token to predict, shape (R) */
  labels: Int32Array;
  /** row of allowedSets for each, shape (R); ignored where allowedSets is empty */
  sets: Int32Array;
  /** weight of each position in the loss, shape (R); the caller divides by what the step averages over */
  weights: Float32Array;
  /** decides a group's dropout masks, with the position in it; shape (groups); needed by accumulate with dropout */
  dropoutSeeds?: BigUint64Array;
  /**
   * where targets are spread over several labels, instead of `labels` (openFullTrainer alone): position i has the labels
   * offsets[i] .. offsets[i + 1] with these shares; its loss is the sum of share * -log p(label)
   */
  targets?: { offsets: Int32Array /* (R + 1) */; labels: Int32Array; shares: Float32Array };
  /**
   * column whose token each position is to predict, -1: none; shape (N); of a trainer with `columns`, where absent the
   * natural order's
   */
  nextColumns?: Int32Array;
}

/** The largest micro-batch of a training. */
export interface BatchShape {
  nTokens: number;
  /** tokens of its longest group */
  longestGroup: number;
}

/** Bytes, by what for. */
export interface TrainerMemory {
  /** frozen */
  weights: number;
  /** beside them while they are read, before the rest is there */
  reading: number;
  /** with its gradients and moments */
  adapter: number;
  /** activations */
  graph: number;
  /** of single operations */
  work: number;
}

export interface UpdateOptions {
  learningRate: number;
  weightDecay: number;
  /** largest global norm of the gradient; 0: no clipping */
  clip: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** What learns from batches: an adapter, or a whole small model. */
export interface TrainingHandle {
  /** Forward and backward; adds to the gradients. Returns Float32 (R): loss of each position, natural log. */
  accumulate(batch: TrainBatch): Promise<ArrayBuffer>;
  /** Forward alone. Returns Float32 (R). */
  evaluate(batch: TrainBatch): Promise<ArrayBuffer>;
  /** AdamW on the gathered gradients, which are then zero. Returns the global norm before clipping. */
  update(options: UpdateOptions): Promise<number>;
  /** Adapter weights, moments and step count: everything a later setState needs to go on exactly. */
  state(): Promise<ArrayBuffer>;
  setState(state: ArrayBuffer): Promise<void>;
  nParameters(): number;
  /** Where a device computes: what it leaves to the CPU, by name. */
  onCpu(): string[];
  /** Ends a running pass, and every later one, with E_ABORTED; state() still gives that of the last update. */
  abort(): void;
  close(): void;
}

export interface TrainerHandle extends TrainingHandle {
  /** Writes the adapter as GGUF (general.type = adapter, adapter.type = lora) for any llama.cpp. */
  saveAdapter(path: string, metadata: Record<string, string>): Promise<void>;
}

export interface FullTrainerHandle extends TrainingHandle {
  /**
   * Writes the model as a GGUF for any llama.cpp, with the metadata (tokenizer, template) of the one it began as;
   * `type` of the matrices, e.g. "f32", "f16", "bf16" or "q8_0"; absent: each keeps its own.
   */
  saveModel(path: string, metadata: Record<string, string>, type?: string): Promise<void>;
}

/** Sets of labels: those of set s are labels[offsets[s]] .. labels[offsets[s + 1] - 1], ascending. */
export interface LabelSets {
  /** shape (sets + 1) */
  offsets: Int32Array;
  /** indices into `vocabulary`, or token ids where that is empty */
  labels: Int32Array;
}

/** A sparse matrix (ids, n): values[e] at feature indices[e], for e from offsets[id] to offsets[id + 1]. */
export interface TokenFeatures {
  n: number;
  offsets: Int32Array;
  indices: Int32Array;
  values: Float32Array;
}

export interface OpenFullTrainerOptions {
  path: string;
  /** share of what attention and feed-forward add to the residual that is left out in training passes [0] */
  dropout?: number;
  threads: number;
  /** as of OpenTrainerOptions */
  vocabulary: Int32Array;
  /** which are allowed in each distinct state; no sets: all */
  allowedSets: LabelSets;
  /**
   * a learned embedding of the column to be predicted is added to each position's input, so that a model learns any
   * order of n columns. `next`, shape (nVocabulary): the column that follows each id in the natural order, -1: none.
   * saveModel folds the natural order into the embedding of ids, so that a reader that knows of none sees that order,
   * and keeps `harmonic.column_embeddings` (F32, n * nEmbedding) and `harmonic.next_columns` (Int32, `next`) in the file
   * for others: input = embedding[id] - columns[next[id]] + columns[actual]. Given a file that has them, they are taken
   * from it. The model's output matrix must be its own.
   */
  columns?: { n: number; next: Int32Array };
  /**
   * what is known of ids, shape (nVocabulary, n): rows of the embedding and of the output matrix, which must be its own,
   * become those of the model plus a learned projection of their features. saveModel folds them in.
   */
  features?: TokenFeatures;
  /**
   * an average of the weights over the updates is kept that forgets 1 - averageDecay at each, corrected for its start
   * as Adam's moments are (Kingma and Ba, 2015): evaluate and saveModel use it instead of the last weights. 0: none [0]
   */
  averageDecay?: number;
}

/** Shape of a llama-architecture model: RMS norms, rotary positions, gated SiLU. */
export interface ModelShape {
  nLayers: number;
  nEmbedding: number;
  nHeads: number;
  nHeadsKv: number;
  nFeedForward: number;
  /** tokens that it is said to be trained for */
  nContext: number;
  ropeBase: number;
  normEpsilon: number;
  /** the output matrix is the embedding */
  tied: boolean;
}

/** Ids without a tokenizer, or those of a base model's tokenizer, which the model gets. */
export type ScratchModelOptions = ModelShape & { path: string; seed: number } & (
    { nVocabulary: number } | { tokenizer: string }
  );

export interface OpenMergerOptions {
  base: string;
  /** LoRA adapter as GGUF */
  adapter: string;
  /** written over; whole only after the last step */
  out: string;
  /** of the matrices, e.g. "q8_0"; absent: each keeps its own where it can be written, else becomes Q8_0 */
  type?: string;
  threads: number;
}

export interface MergerPlan {
  /** bytes of the finished file */
  size: number;
  /** matrices that the adapter changes */
  nMerged: number;
  /** how many tensors of one type come out as which, by ggml's names */
  conversions: { from: string; to: string; nTensors: number }[];
}

export interface MergerHandle {
  plan(): MergerPlan;
  /** Writes the next few million weights. Resolves to the bytes written so far: the plan's size once all are on the disk. */
  step(): Promise<number>;
  close(): void;
}

export type Learner = "logistic-regression" | "svm-rbf" | "svm-linear" | "random-forest" | "xgboost";

export interface FitPredictOptions {
  learner: Learner;
  task: "classification" | "regression";
  /** shape (n, d), row-major */
  x: Float32Array;
  /** class index 0 .. nClasses - 1, or the value; shape (n) */
  y: Float64Array;
  /** shape (m, d) */
  test: Float32Array;
  d: number;
  nClasses: number;
  seed: number;
  threads: number;
  /**
   * by learner: { C } | { C, gamma, epsilon } | { C, epsilon } | { trees, depth, minSplit, features } |
   * { rounds, depth, learningRate }; each is above 0 and may be left out
   */
  parameters: Record<string, number>;
}
// fitPredict resolves to Float64 (m, nClasses) probabilities, or Float64 (m) values for regression. Support vector
// machines give scores instead of probabilities: the largest is the class, and each ranks rows by theirs.
