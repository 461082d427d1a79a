/** What is compared: ours with a base, or a peer with what it needs. */
export type Subject =
  | { name: string; base: string; options?: string[] }
  | { name: string; peer: string; requirements: string[]; settings?: Record<string, number>; rows?: number };

const PYTORCH = ["torch==2.9.1"];
/** HARMONIC_BENCH_EPOCHS trains all for so many, to try them. */
const EPOCHS = process.env["HARMONIC_BENCH_EPOCHS"];
const epochs: Record<string, number> = EPOCHS === undefined ? {} : { epochs: Number(EPOCHS) };
/** Seconds that the slowest peer may train, which would take hours. */
export const LIMIT_SECONDS = Number(process.env["HARMONIC_BENCH_LIMIT"] ?? 900);

export const OURS = "harmonic";

export const SUBJECTS: readonly Subject[] = [
  { name: OURS, base: "table", options: EPOCHS === undefined ? [] : ["--epochs", EPOCHS] },
  { name: "tabularargn", peer: "mostlyai", requirements: ["mostlyai-engine==2.7.3"], settings: epochs },
  { name: "tvae", peer: "tvae", requirements: [...PYTORCH, "ctgan==0.12.1"], settings: epochs },
  { name: "ctgan", peer: "ctgan", requirements: [...PYTORCH, "ctgan==0.12.1"], settings: epochs },
  {
    name: "realtabformer",
    peer: "realtabformer",
    requirements: [...PYTORCH, "realtabformer==0.2.4"],
    settings: { ...epochs, limit_s: LIMIT_SECONDS },
    // Some dozens of rows a second: those that are scored tell its speed.
    rows: 0,
  },
  { name: "language-model", base: "smollm2-135m" },
];
