import { PYTHON_PEERS } from "../harness/python";

/** What is compared: ours with a base, or a peer, which is a function in peer.py, with what it needs; `seeds` where it takes fewer. */
export type Subject = { name: string; most?: number; seeds?: number } & (
  | { base: string; options?: Readonly<Record<string, number>>; epochs?: Readonly<Record<string, number>> }
  | { peer: string; requirements: readonly string[] }
);

/** In one environment, for PyTorch is gigabytes; REaLTabFormer does not start with so new a release of transformers. */
const REQUIREMENTS = [
  "torch==2.13.0",
  "transformers==5.23.0",
  "mostlyai-engine==2.7.3",
  "ctgan==0.12.1",
  "rdt==2.0.0",
  "imbalanced-learn==0.14.2",
  "accelerate==1.15.0",
  "datasets==5.2.0",
  "opacus==1.6.0",
  "tokenizers==0.23.3",
  "pandas==2.3.3",
  "scikit-learn==1.9.1",
  "numpy==2.4.6",
];

/** Seconds that a peer may train: as many as ours may take for the census table. */
export const LIMIT_SECONDS = Number(process.env["HARMONIC_BENCH_LIMIT"] ?? 300);
/** HARMONIC_BENCH_EPOCHS trains all for so many, to try them. */
export const EPOCHS = process.env["HARMONIC_BENCH_EPOCHS"];

export const OURS = "harmonic";

/** Passes of the language model by table: five to ten minutes on two cores. */
const SOME_MINUTES = { german: 3, diabetes: 8, buddy: 0.25, mixed: 0.6 };

/** Rows that are scored of whoever draws some dozens a second, and of whatever is compared with these on equal terms. */
export const FEW_ROWS = 2500;

const SUBJECTS: readonly Subject[] = [
  { name: OURS, base: "table" },
  { name: "tabularargn", peer: "mostlyai", requirements: REQUIREMENTS },
  { name: "tvae", peer: "tvae", requirements: REQUIREMENTS },
  // Five minutes a seed each.
  { name: "ctgan", peer: "ctgan", requirements: REQUIREMENTS, seeds: 1 },
  { name: "realtabformer", peer: "realtabformer", requirements: PYTHON_PEERS, most: FEW_ROWS, seeds: 1 },
  { name: "smote", peer: "smote", requirements: REQUIREMENTS },
  { name: "language-model", base: "smollm2-135m", epochs: SOME_MINUTES, most: FEW_ROWS, seeds: 1 },
];

/** Those of these names. */
export const subjectsOf = (names: readonly string[]): Subject[] =>
  SUBJECTS.filter(({ name }) => names.includes(name));
