import { HarmonicError } from "../errors";
import { writeText } from "../run/atomic";
import { ggufBytes, readGguf, type GgufTensor } from "./gguf";

/** The product B A that an adapter adds, times alpha / rank, to one matrix of its base. */
export interface LoraMatrix {
  /** name of the matrix in GGUF, e.g. "blk.0.attn_q.weight" */
  weight: string;
  rank: number;
  nIn: number;
  nOut: number;
  /** shape (rank, nIn), row-major */
  a: Float32Array;
  /** shape (nOut, rank), row-major */
  b: Float32Array;
}

export interface Lora {
  /** of the base, in GGUF's terms */
  architecture: string;
  alpha: number;
  matrices: LoraMatrix[];
  /** what the trainer noted, without the prefix "harmonic." */
  notes: Record<string, string>;
}

const NOTE = "harmonic.";

/** Reads a LoRA in llama.cpp's format. @throws E_MODEL where the file is none, or is damaged */
export async function readLora(path: string): Promise<Lora> {
  const { metadata, tensors } = await readGguf(path);
  const hint = "give an adapter that `harmonic train` wrote, or any LoRA in llama.cpp's format";
  if (metadata.get("general.type") !== "adapter" || metadata.get("adapter.type") !== "lora") {
    throw new HarmonicError(
      "E_MODEL",
      `expected ${path} to be a LoRA adapter but it is another kind of GGUF`,
      {
        hint,
      },
    );
  }
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const weights = new Set(tensors.map(({ name }) => name.replace(/\.lora_[ab]$/, "")));
  if (weights.size === 0) throw new HarmonicError("E_MODEL", `the adapter ${path} has no tensors`, { hint });
  const matrices = [...weights].map((weight) => {
    const matrix = matrixOf(weight, byName.get(`${weight}.lora_a`), byName.get(`${weight}.lora_b`));
    if (matrix) return matrix;
    throw new HarmonicError("E_MODEL", `the adapter ${path} is corrupt: ${weight} is no pair of A and B`, {
      hint: "train or fetch it again",
    });
  });
  const notes: Record<string, string> = {};
  for (const [key, value] of metadata) {
    if (key.startsWith(NOTE) && typeof value === "string") notes[key.slice(NOTE.length)] = value;
  }
  return {
    architecture: String(metadata.get("general.architecture") ?? ""),
    alpha: Number(metadata.get("adapter.lora.alpha") ?? 0),
    matrices,
    notes,
  };
}

function matrixOf(weight: string, a?: GgufTensor, b?: GgufTensor): LoraMatrix | undefined {
  if (!a || !b) return undefined;
  const [nIn = 0, rank = 1] = a.shape;
  const [width = 0, nOut = 1] = b.shape;
  return width === rank ? { weight, rank, nIn, nOut, a: a.data, b: b.data } : undefined;
}

/** Writes a LoRA in llama.cpp's format; the same adapter gives the same bytes. @throws E_IO */
export async function writeLora(path: string, lora: Lora): Promise<void> {
  const notes = Object.entries(lora.notes).map(([key, value]) => [NOTE + key, value]);
  const metadata: Record<string, string | number> = {
    "general.type": "adapter",
    "general.architecture": lora.architecture,
    "adapter.type": "lora",
    "adapter.lora.alpha": lora.alpha,
    ...(Object.fromEntries(notes) as Record<string, string>),
  };
  const tensors = lora.matrices.flatMap(({ weight, rank, nIn, nOut, a, b }) => [
    { name: `${weight}.lora_a`, shape: [nIn, rank], data: a },
    { name: `${weight}.lora_b`, shape: [rank, nOut], data: b },
  ]);
  await writeText(path, ggufBytes(metadata, tensors));
}
