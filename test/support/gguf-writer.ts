/**
 * Writes GGUF version 3 files, for tests that need a model or adapter of their own.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export type MetadataValue =
  | { type: "u32" | "i32" | "f32"; value: number }
  | { type: "bool"; value: boolean }
  | { type: "string"; value: string }
  | { type: "strings"; value: string[] }
  | { type: "i32s" | "f32s"; value: number[] };

export interface GgufTensor {
  name: string;
  /** ggml order: the contiguous dimension first */
  shape: number[];
  data: Float32Array;
}

const TYPE_IDS = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const ALIGNMENT = 32;

/** The bytes of a GGUF with F32 tensors. */
export function ggufBytes(metadata: Record<string, MetadataValue>, tensors: GgufTensor[]): Buffer {
  const head: Buffer[] = [
    Buffer.from("GGUF"),
    u32(3),
    u64(tensors.length),
    u64(Object.keys(metadata).length),
  ];
  for (const [key, value] of Object.entries(metadata)) head.push(text(key), ...metadataValue(value));

  let offset = 0;
  for (const { name, shape, data } of tensors) {
    if (shape.reduce((product, n) => product * n, 1) !== data.length) throw new Error(`shape of ${name}`);
    head.push(text(name), u32(shape.length), ...shape.map(u64), u32(0 /* F32 */), u64(offset));
    offset += aligned(data.byteLength);
  }
  const parts = [padded(Buffer.concat(head))];
  for (const { data } of tensors) {
    parts.push(padded(Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
  }
  return Buffer.concat(parts);
}

function metadataValue(value: MetadataValue): Buffer[] {
  switch (value.type) {
    case "strings":
      return [u32(TYPE_IDS.array), u32(TYPE_IDS.string), u64(value.value.length), ...value.value.map(text)];
    case "i32s":
      return [u32(TYPE_IDS.array), u32(TYPE_IDS.i32), u64(value.value.length), ...value.value.map(i32)];
    case "f32s":
      return [u32(TYPE_IDS.array), u32(TYPE_IDS.f32), u64(value.value.length), ...value.value.map(f32)];
    case "string":
      return [u32(TYPE_IDS.string), text(value.value)];
    case "bool":
      return [u32(TYPE_IDS.bool), Buffer.from([value.value ? 1 : 0])];
    case "u32":
      return [u32(TYPE_IDS.u32), u32(value.value)];
    case "i32":
      return [u32(TYPE_IDS.i32), i32(value.value)];
    case "f32":
      return [u32(TYPE_IDS.f32), f32(value.value)];
  }
}

const aligned = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}

function u32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}

function i32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(n);
  return bytes;
}

function f32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(n);
  return bytes;
}

function u64(n: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(n));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([u64(bytes.length), bytes]);
}
