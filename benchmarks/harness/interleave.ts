import type { Trial } from "./trial";

/** One of each in turn, so that what else the machine does meets both. */
export function interleave(a: readonly Trial[], b: readonly Trial[]): Trial[] {
  const longest = Math.max(a.length, b.length);
  return Array.from({ length: longest }, (_, i) =>
    [a[i], b[i]].filter((trial) => trial !== undefined),
  ).flat();
}
