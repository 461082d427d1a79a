import type { AutomatonTables, ModelHandle } from "../../src/native/addon";

/**
 * The probability of each path of a (small) automaton behind a prompt, computed token by token from the model's full
 * log-probabilities: the product of the softmax over the tokens that each state allows. Keys: the path's tokens.
 */
export async function pathProbabilities(
  model: ModelHandle,
  tables: AutomatonTables,
  prompt: Int32Array,
  temperature = 1,
): Promise<Map<string, number>> {
  const { edgeOffsets, edgeTokens, edgeNext } = tables;
  const nVocabulary = model.info().nVocabulary;
  const probabilities = new Map<string, number>();
  const walk = async (state: number, tokens: number[], probability: number): Promise<void> => {
    const first = edgeOffsets[state]!;
    const last = edgeOffsets[state + 1]!;
    if (first === last) {
      probabilities.set(tokens.join(), probability);
      return;
    }
    let shares = [1];
    if (last - first > 1) {
      const ids = Int32Array.from([...prompt, ...tokens]);
      const logs = new Float32Array(await model.logProbabilities(ids)).subarray(-nVocabulary);
      const weights = Array.from(edgeTokens.subarray(first, last), (token) =>
        Math.exp(logs[token]! / temperature),
      );
      const sum = weights.reduce((a, b) => a + b, 0);
      shares = weights.map((weight) => weight / sum);
    }
    for (let edge = first; edge < last; edge++) {
      await walk(edgeNext[edge]!, [...tokens, edgeTokens[edge]!], probability * shares[edge - first]!);
    }
  };
  await walk(0, [], 1);
  return probabilities;
}

/**
 * How many standard deviations the chi-square statistic of counts lies above its mean, by Wilson and Hilferty's normal
 * approximation (1931). Outcomes expected fewer than five times are pooled.
 */
export function chiSquareScore(
  counts: ReadonlyMap<string, number>,
  probabilities: ReadonlyMap<string, number>,
): number {
  const n = [...counts.values()].reduce((a, b) => a + b, 0);
  let statistic = 0;
  let cells = 0;
  let pooledExpected = 0;
  let pooledCount = 0;
  for (const [key, probability] of probabilities) {
    const expected = n * probability;
    const count = counts.get(key) ?? 0;
    if (expected < 5) {
      pooledExpected += expected;
      pooledCount += count;
    } else {
      statistic += (count - expected) ** 2 / expected;
      cells++;
    }
  }
  if (pooledExpected > 0) {
    statistic += (pooledCount - pooledExpected) ** 2 / pooledExpected;
    cells++;
  }
  const degrees = cells - 1;
  const spread = 2 / (9 * degrees);
  return (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
}
