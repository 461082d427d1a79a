import { readFile } from "node:fs/promises";
import { HarmonicError } from "../errors";
import { orFileError } from "../file-error";
import { toFloat32 } from "./floats";

/** A metadata value as it is read; 64-bit integers as numbers. */
export type GgufValue = string | number | boolean | GgufValue[];

export interface GgufTensor {
  name: string;
  /** ggml order: the contiguous dimension first */
  shape: number[];
  data: Float32Array;
}

export interface Gguf {
  metadata: Map<string, GgufValue>;
  tensors: GgufTensor[];
}

const ALIGNMENT = 32;
const U32 = 4;
const F32 = 6;
const STRING = 8;
const ARRAY = 9;
/** Tensor types that are plain numbers, by their ids in ggml. */
const FLOATS = new Map([
  [0, "F32"],
  [1, "F16"],
  [30, "BF16"],
] as const);

/**
 * Reads a small GGUF whole, such as an adapter: metadata and tensors of F32, F16 or BF16, as F32.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 * @throws E_MODEL where it is no GGUF, is damaged, or holds quantised tensors
 */
export async function readGguf(path: string): Promise<Gguf> {
  const bytes = await orFileError(readFile(path), path);
  if (bytes.toString("latin1", 0, 4) !== "GGUF") {
    throw new HarmonicError("E_MODEL", `expected ${path} to be a GGUF file but it is not`, {
      hint: "give an adapter that `harmonic train` wrote, or any LoRA in llama.cpp's format",
    });
  }
  try {
    return parse(bytes, path);
  } catch (cause) {
    // By name: in a test's own realm Node's errors are of another class.
    if ((cause as Error).name !== "RangeError") throw cause;
    throw new HarmonicError("E_MODEL", `${path} is truncated or corrupt`, {
      hint: "fetch or make the file again",
      cause,
    });
  }
}

function parse(bytes: Buffer, path: string): Gguf {
  const reader = new Reader(bytes);
  reader.skip(8); // magic and version
  const nTensors = reader.u64();
  const nValues = reader.u64();
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < nValues; i++) metadata.set(reader.text(), reader.value(reader.u32()));
  const entries = Array.from({ length: nTensors }, () => {
    const name = reader.text();
    const shape = Array.from({ length: reader.u32() }, () => reader.u64());
    return { name, shape, type: reader.u32(), offset: reader.u64() };
  });
  const alignment = Number(metadata.get("general.alignment") ?? ALIGNMENT);
  const start = Math.ceil(reader.position / alignment) * alignment;
  const tensors = entries.map(({ name, shape, type, offset }) => {
    const float = FLOATS.get(type as 0);
    if (float === undefined) {
      throw new HarmonicError("E_MODEL", `${path}: tensor ${name} is of a quantised type (${type} in ggml)`, {
        hint: "give an adapter of F32, F16 or BF16",
      });
    }
    const n = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: toFloat32(bytes, start + offset, n, float) };
  });
  return { metadata, tensors };
}

/** Walks a GGUF's header; a read past the end throws RangeError. */
class Reader {
  position = 0;

  constructor(private readonly bytes: Buffer) {}

  skip(n: number): number {
    const at = this.position;
    this.position += n;
    return at;
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.skip(4));
  }

  u64(): number {
    const value = Number(this.bytes.readBigUInt64LE(this.skip(8)));
    // Counts and sizes: more than the file's bytes can only be damage.
    if (value > 2 ** 40) throw new RangeError("size out of range");
    return value;
  }

  text(): string {
    const n = this.u64();
    if (this.position + n > this.bytes.length) throw new RangeError("text out of range");
    const at = this.skip(n);
    return this.bytes.toString("utf8", at, at + n);
  }

  value(type: number): GgufValue {
    const { bytes } = this;
    switch (type) {
      case 0:
        return bytes.readUInt8(this.skip(1));
      case 1:
        return bytes.readInt8(this.skip(1));
      case 2:
        return bytes.readUInt16LE(this.skip(2));
      case 3:
        return bytes.readInt16LE(this.skip(2));
      case U32:
        return this.u32();
      case 5:
        return bytes.readInt32LE(this.skip(4));
      case F32:
        return bytes.readFloatLE(this.skip(4));
      case 7:
        return bytes.readUInt8(this.skip(1)) !== 0;
      case STRING:
        return this.text();
      case ARRAY: {
        const element = this.u32();
        const n = this.u64();
        if (n > bytes.length) throw new RangeError("array out of range");
        return Array.from({ length: n }, () => this.value(element));
      }
      case 10:
        return Number(bytes.readBigUInt64LE(this.skip(8)));
      case 11:
        return Number(bytes.readBigInt64LE(this.skip(8)));
      case 12:
        return bytes.readDoubleLE(this.skip(8));
      default:
        throw new RangeError(`unknown type ${type}`);
    }
  }
}

/** The bytes of a GGUF, version 3: texts as strings, numbers as F32, tensors as F32. */
export function ggufBytes(metadata: Record<string, string | number>, tensors: readonly GgufTensor[]): Buffer {
  const entries = Object.entries(metadata);
  const head: Buffer[] = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [key, value] of entries) {
    head.push(
      text(key),
      ...(typeof value === "string" ? [u32(STRING), text(value)] : [u32(F32), f32(value)]),
    );
  }
  let offset = 0;
  for (const { name, shape, data } of tensors) {
    head.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset));
    offset += padding(data.byteLength) + data.byteLength;
  }
  const parts: Buffer[] = [Buffer.concat(head)];
  parts.push(Buffer.alloc(padding(parts[0]!.length)));
  for (const { data } of tensors) {
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    parts.push(Buffer.alloc(padding(data.byteLength)));
  }
  return Buffer.concat(parts);
}

const padding = (n: number): number => (ALIGNMENT - (n % ALIGNMENT)) % ALIGNMENT;

function u32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}

function u64(n: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
}

function f32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(n);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([u64(bytes.length), bytes]);
}
