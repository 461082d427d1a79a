type Numbers = Int32Array | Float64Array;

/** Arrays one behind another. */
export function concatenated<T extends Numbers>(pieces: readonly T[], make: new (length: number) => T): T {
  const all = new make(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Arrays one behind another, and where each begins: offsets has one more, the end of the last. */
export function joined(pieces: readonly Int32Array[]): { values: Int32Array; offsets: Int32Array } {
  const offsets = new Int32Array(pieces.length + 1);
  pieces.forEach((piece, p) => (offsets[p + 1] = offsets[p]! + piece.length));
  return { values: concatenated(pieces, Int32Array), offsets };
}
