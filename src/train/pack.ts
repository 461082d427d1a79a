import type { TrainBatch } from "../native/addon";
import type { Lesson } from "./lesson";
import type { SoftLabels } from "./soft-labels";

/** What training passes have beside evaluations. */
export interface PassOptions {
  /** of dropout, one a lesson */
  dropoutSeeds?: BigUint64Array | undefined;
  /** spreads labels over others */
  softLabels?: SoftLabels | undefined;
  /** lessons are computed as long as the longest of their micro-batch, as on a device: `maxTokens` counts them so */
  padded?: boolean | undefined;
}

/**
 * Lessons as micro-batches of at most `maxTokens` tokens, in order; a longer lesson gets a batch of
 * its own. Every position weighs the same: 1 over the positions of all the lessons.
 */
export function packLessons(
  lessons: readonly Lesson[],
  maxTokens: number,
  { dropoutSeeds, softLabels, padded = false }: PassOptions = {},
): TrainBatch[] {
  const nLoss = lessons.reduce((sum, lesson) => sum + lesson.labels.length, 0);
  const packs: { lessons: Lesson[]; seeds: bigint[] }[] = [];
  let [nTokens, longest] = [0, 0];
  lessons.forEach((lesson, i) => {
    const length = lesson.tokens.length;
    if (lesson.labels.length === 0) return;
    let pack = packs.at(-1);
    longest = Math.max(longest, length);
    nTokens = padded && pack ? longest * (pack.lessons.length + 1) : nTokens + length;
    if (!pack || nTokens > maxTokens) {
      packs.push((pack = { lessons: [], seeds: [] }));
      nTokens = longest = length;
    }
    pack.lessons.push(lesson);
    if (dropoutSeeds) pack.seeds.push(dropoutSeeds[i]!);
  });
  return packs.map(({ lessons: pack, seeds }) => {
    const groupOffsets = offsets(pack.map((lesson) => lesson.tokens.length));
    const lossOffsets = offsets(pack.map((lesson) => lesson.labels.length));
    const n = lossOffsets[pack.length]!;
    const isTold = pack.some(({ nextColumns }) => nextColumns !== undefined);
    const batch: TrainBatch = {
      tokens: new Int32Array(groupOffsets[pack.length]!),
      groupOffsets,
      lossPositions: new Int32Array(n),
      labels: new Int32Array(n),
      sets: new Int32Array(n),
      weights: new Float32Array(n).fill(1 / nLoss),
      ...(isTold && { nextColumns: new Int32Array(groupOffsets[pack.length]!) }),
      ...(dropoutSeeds && { dropoutSeeds: BigUint64Array.from(seeds) }),
    };
    pack.forEach((lesson, i) => {
      const start = groupOffsets[i]!;
      const at = lossOffsets[i]!;
      batch.tokens.set(lesson.tokens, start);
      if (lesson.nextColumns) batch.nextColumns!.set(lesson.nextColumns, start);
      batch.lossPositions.set(
        lesson.lossPositions.map((p) => p + start),
        at,
      );
      batch.labels.set(lesson.labels, at);
      batch.sets.set(lesson.sets, at);
    });
    return softLabels ? { ...batch, targets: targetsOf(batch.labels, softLabels) } : batch;
  });
}

function targetsOf(labels: Int32Array, softLabels: SoftLabels): NonNullable<TrainBatch["targets"]> {
  const soft = Array.from(labels, (label) => softLabels.of(label));
  return {
    offsets: offsets(soft.map((one) => one.labels.length)),
    labels: Int32Array.from(soft.flatMap((one) => one.labels)),
    shares: Float32Array.from(soft.flatMap((one) => one.shares)),
  };
}

function offsets(lengths: readonly number[]): Int32Array {
  const out = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => (out[i + 1] = out[i]! + length));
  return out;
}
