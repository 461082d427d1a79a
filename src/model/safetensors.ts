import { readFile } from "node:fs/promises";
import { z } from "zod";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { FLOAT_BYTES, toFloat32, type FloatType } from "./floats";

/** A row-major matrix by its name; the last dimension is contiguous. */
export interface SafeTensor {
  name: string;
  shape: number[];
  data: Float32Array;
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  /** bytes from the end of the header: first, and behind the last */
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/**
 * Reads a safetensors file of F32, F16 or BF16: 8 bytes of the header's length, the header as JSON, the data.
 * https://huggingface.co/docs/safetensors
 * @throws E_MODEL where it is damaged or holds another type
 */
export async function readSafetensors(path: string): Promise<SafeTensor[]> {
  const bytes = await orFileError(readFile(path), path);
  try {
    const length = Number(bytes.readBigUInt64LE(0));
    if (8 + length > bytes.length) throw new RangeError("header out of range");
    const header = z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString("utf8", 8, 8 + length)));
    return Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, entry]) => readTensor(bytes, 8 + length, name, entrySchema.parse(entry), path));
  } catch (cause) {
    if (cause instanceof HarmonicError) throw cause;
    throw new HarmonicError("E_MODEL", `${path} is no safetensors file, or is truncated or corrupt`, {
      hint: "save or fetch it again",
      cause,
    });
  }
}

function readTensor(
  bytes: Buffer,
  start: number,
  name: string,
  { dtype, shape, data_offsets: [first, end] }: z.infer<typeof entrySchema>,
  path: string,
): SafeTensor {
  if (!(dtype in FLOAT_BYTES)) {
    throw new HarmonicError(
      "E_MODEL",
      `${path}: expected ${name} to be F32, F16 or BF16 but it is ${dtype}`,
      {
        hint: "save the adapter in one of these types",
      },
    );
  }
  const type = dtype as FloatType;
  const n = shape.reduce((product, size) => product * size, 1);
  if (end - first !== n * FLOAT_BYTES[type]) throw new RangeError(`size of ${name}`);
  return { name, shape, data: toFloat32(bytes, start + first, n, type) };
}

/** The bytes of a safetensors file of F32, as PyTorch's libraries expect it. */
export function safetensorsBytes(tensors: readonly SafeTensor[]): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    const end = offset + data.byteLength;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = JSON.stringify(header);
  // Spaces align the data to 8 bytes.
  const padded = Buffer.from(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const data = tensors.map((tensor) =>
    Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength),
  );
  return Buffer.concat([length, padded, ...data]);
}
