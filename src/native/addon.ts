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

  /** Exact k nearest neighbours by squared Euclidean distance; ties go to the smaller id. */
  nearestNeighbors(options: NearestNeighborsOptions): Promise<NearestNeighborsResult>;

  /** Opens a GGUF for tokenising and sampling, with an adapter of ours (or any llama.cpp LoRA) if given. */
  openModel(options: OpenModelOptions): Promise<ModelHandle>;

  /** Builds the training graph over the weights of a GGUF. Refuses architectures that it cannot train. */
  openTrainer(options: OpenTrainerOptions): Promise<TrainerHandle>;

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

export interface NearestNeighborsOptions {
  /** shape (n, d), row-major */
  points: Float32Array;
  d: number;
  /** shape (m, d); absent: the points themselves, each excluding its own id */
  queries?: Float32Array;
  k: number;
  threads: number;
}

export interface NearestNeighborsResult {
  /** Int32, shape (m, k), ascending distance */
  ids: ArrayBuffer;
  /** Float32, shape (m, k), squared Euclidean */
  distances: ArrayBuffer;
}

export interface OpenModelOptions {
  path: string;
  /** LoRA adapter as GGUF */
  adapter?: string;
  /** only the vocabulary: tokenising, no weights */
  vocabularyOnly?: boolean;
  /** what draws rows [llama] */
  engine?: SampleEngine;
}

/**
 * "llama": llama.cpp, for any base; "graph": our own graph over 8-bit weights, for trainable bases on a processor with
 * fast 8-bit products (then logProbabilities is not to be had); "auto": the graph where it can be had and the base
 * holds no F32 matrices.
 */
export type SampleEngine = "auto" | "graph" | "llama";

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
  engine: "graph" | "llama";
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
 * A row as a finite automaton over token ids: state 0 is the start, a state without edges is the end.
 * Taking an edge emits its token. See src/sample/automaton.ts, which compiles it from schema and format.
 */
export interface AutomatonTables {
  /** Int32, states + 1: the edges of state s are edgeOffsets[s] .. edgeOffsets[s + 1] */
  edgeOffsets: Int32Array;
  /** token id of each edge */
  edgeTokens: Int32Array;
  /** state that each edge leads to */
  edgeNext: Int32Array;
  /** column that the edge belongs to, or -1 for literal text */
  edgeColumns: Int32Array;
  /**
   * what the edge does to its column's value: -1 nothing; for a category the index of the value (set once);
   * for a number 0-9 appends a digit, 10 makes it negative, 100 + e multiplies it by 10^e;
   * -2 sets missing (both kinds)
   */
  edgeActions: Int32Array;
  /** per column: 0 category, 1 number */
  columnKinds: Int32Array;
}

export interface OpenGeneratorOptions {
  automaton: AutomatonTables;
  /** rows decoded in lock-step */
  nSequences: number;
  /** tokens of the longest prompt plus row */
  nContext: number;
  threads: number;
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
}

export interface GenerateResult {
  /**
   * one buffer a column, each of (prompts * rowsPerPrompt): category: Int32 index, -1 missing;
   * number: Float64 scaled integer, NaN missing
   */
  columns: ArrayBuffer[];
  /** tokens evaluated: prompt and row */
  nTokens: number;
}

export interface GeneratorHandle {
  /** One bounded lock-step pass: all rows of all prompts given. */
  generate(options: GenerateOptions): Promise<GenerateResult>;
  /** Ends a running generate() early with E_ABORTED. */
  abort(): void;
  close(): void;
}

/** "auto": "int8" where the processor multiplies 8-bit integers fast (VNNI), else "bf16". */
export type WeightType = "auto" | "int8" | "bf16" | "f16" | "f32";
export type TrainTarget = "q" | "k" | "v" | "o" | "gate" | "up" | "down";

export interface OpenTrainerOptions {
  path: string;
  rank: number;
  alpha: number;
  targets: TrainTarget[];
  seed: number;
  threads: number;
  /** type that the frozen weights are held in while training */
  weights: WeightType;
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

export interface TrainerHandle {
  /** Forward and backward; adds to the gradients. Returns Float32 (R): loss of each position, natural log. */
  accumulate(batch: TrainBatch): Promise<ArrayBuffer>;
  /** Forward alone. Returns Float32 (R). */
  evaluate(batch: TrainBatch): Promise<ArrayBuffer>;
  /** AdamW on the gathered gradients, which are then zero. Returns the global norm before clipping. */
  update(options: UpdateOptions): Promise<number>;
  /** Adapter weights, moments and step count: everything a later setState needs to go on exactly. */
  state(): Promise<ArrayBuffer>;
  setState(state: ArrayBuffer): Promise<void>;
  /** Writes the adapter as GGUF (general.type = adapter, adapter.type = lora) for any llama.cpp. */
  saveAdapter(path: string, metadata: Record<string, string>): Promise<void>;
  nParameters(): number;
  /** Ends a running pass, and every later one, with E_ABORTED; state() still gives that of the last update. */
  abort(): void;
  close(): void;
}

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

export type Learner = "logistic-regression" | "xgboost";

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
  /** by learner: { C } | { rounds, depth, learningRate } */
  parameters: Record<string, number>;
}
// fitPredict resolves to Float64 (m, nClasses) probabilities, or Float64 (m) values for regression.
