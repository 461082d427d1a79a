import { closeSync, openSync, writeSync } from "node:fs";

export type NamedArrays = Record<string, Int32Array | Float32Array | Float64Array | Uint8Array>;

/** Kinds as native/bench/arrays.h numbers them. */
const kindOf = (values: NamedArrays[string]): number =>
  values instanceof Int32Array
    ? 0
    : values instanceof Float32Array
      ? 1
      : values instanceof Float64Array
        ? 2
        : 3;

/** Writes a file of named arrays, which native/bench/arrays.h describes, for programs without Node. */
export function writeArrays(path: string, arrays: NamedArrays): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, "HARRAYS1");
    for (const [name, values] of Object.entries(arrays)) {
      const head = Buffer.alloc(16 + name.length);
      head.writeUInt32LE(name.length, 0);
      head.write(name, 4, "latin1");
      head.writeUInt32LE(kindOf(values), 4 + name.length);
      head.writeBigUInt64LE(BigInt(values.length), 8 + name.length);
      writeSync(file, head);
      writeSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  } finally {
    closeSync(file);
  }
}
