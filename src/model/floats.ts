export type FloatType = "F32" | "F16" | "BF16";

export const FLOAT_BYTES: Record<FloatType, number> = { F32: 4, F16: 2, BF16: 2 };

/** n little-endian numbers from byte `start` on, as F32. @throws RangeError where the bytes end before */
export function toFloat32(bytes: Buffer, start: number, n: number, type: FloatType): Float32Array {
  const end = start + n * FLOAT_BYTES[type];
  if (start < 0 || end > bytes.length) throw new RangeError(`bytes ${start} to ${end} of ${bytes.length}`);
  // A copy, because a view would need the bytes aligned.
  const copy = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + end);
  if (type === "F32") return new Float32Array(copy as ArrayBuffer);
  const halves = new Uint16Array(copy as ArrayBuffer);
  if (type === "F16") return Float32Array.from(halves, fromF16);
  const words = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(words.buffer);
}

/** IEEE 754 binary16. */
function fromF16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
