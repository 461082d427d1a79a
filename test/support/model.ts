import { loadAddon } from "../../src/native/load";

/** Log-probabilities of the full vocabulary after each of `ids`, of a model with its adapter, if any. */
export async function logProbabilities(
  ids: Int32Array,
  path: string,
  adapter?: string,
): Promise<Float32Array> {
  const model = await loadAddon().openModel({ path, ...(adapter !== undefined && { adapter }) });
  try {
    return new Float32Array(await model.logProbabilities(ids));
  } finally {
    model.close();
  }
}

export const largestDifference = (a: Float32Array, b: Float32Array): number =>
  a.reduce((largest, x, i) => Math.max(largest, Math.abs(x - b[i]!)), 0);
