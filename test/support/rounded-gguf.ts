import { writeFileSync } from "node:fs";
import { ggufBytes } from "./gguf-writer";
import { tinyGgufParts } from "./tiny-gguf";

/**
 * Writes a small model whose weights our graph holds without rounding: matrices in 8-bit integers times a scale of each
 * row, the embedding in BF16. Both engines then evaluate the same model.
 */
export function writeRoundedGguf(path: string): void {
  const { metadata, tensors } = tinyGgufParts({ tied: false });
  for (const { name, shape, data } of tensors) {
    if (name === "token_embd.weight") toBFloat16(data);
    else if (shape.length === 2 && name !== "output.weight") toInt8(data, shape[0]!);
  }
  writeFileSync(path, ggufBytes(metadata, tensors));
}

function toBFloat16(data: Float32Array): void {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < bits.length; i++) bits[i] = bits[i]! & 0xffff0000;
}

function toInt8(data: Float32Array, width: number): void {
  for (let row = 0; row < data.length; row += width) {
    const values = data.subarray(row, row + width);
    const scale = Math.max(...values.map(Math.abs)) / 127;
    values.forEach((value, i) => (values[i] = Math.round(value / scale) * scale));
  }
}
