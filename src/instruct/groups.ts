import type { Random } from "../random";

/**
 * The method's groups: the neighbours of each target row in ascending distance, then the row itself.
 * `neighbors` has shape (n, k); `targets` are the rows that get a group, default all.
 */
export function neighborGroups(
  neighbors: Int32Array,
  k: number,
  n: number,
  targets: ArrayLike<number> = Int32Array.from({ length: n }, (_, i) => i),
): Int32Array[] {
  return Array.from(targets, (row) => Int32Array.of(...neighbors.subarray(row * k, (row + 1) * k), row));
}

/**
 * The same groups with every row an example at most `maxUses` times: neighbours of many rows (hubs) would otherwise be
 * shown far more often than others. Groups that come later lose what is used up and are shorter, so their order should
 * be random.
 */
export function capUses(groups: readonly Int32Array[], maxUses: number): Int32Array[] {
  const uses = new Map<number, number>();
  return groups.map((group) =>
    group.filter((row, i) => {
      if (i === group.length - 1) return true;
      const used = uses.get(row) ?? 0;
      uses.set(row, used + 1);
      return used < maxUses;
    }),
  );
}

/**
 * Splits the rows 0 .. n-1 into groups in random order, each row in exactly one: as few groups of at most `size`
 * rows as there can be, their sizes differing by one at most.
 */
export function partitionGroups(n: number, size: number, random: Random): Int32Array[] {
  const ids = random.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  const nGroups = Math.ceil(n / size);
  return Array.from({ length: nGroups }, (_, g) =>
    ids.slice(Math.floor((g * n) / nGroups), Math.floor(((g + 1) * n) / nGroups)),
  );
}
