import { around, shareInterval, type Interval } from "./intervals";
import { areaError, areaUnderCurve } from "./scores";

/** False positives that an attacker may make. */
const FALSE_POSITIVES = 0.01;

/** How well an attacker tells members from others. */
export interface Attack {
  area: number;
  interval: Interval;
  /** share of members that score above all but 1 % of the others */
  found: number;
  foundInterval: Interval;
}

/** How well scores tell the first `n`, the members, which should be higher, from the rest. */
export function attack(scores: Float64Array, n: number): Attack {
  const area = areaUnderCurve(scores, (row) => row < n);
  const others = scores.slice(n).sort().reverse();
  const threshold = others[Math.floor(FALSE_POSITIVES * others.length)]!;
  const members = scores.subarray(0, n).filter((score) => score > threshold).length;
  return {
    area,
    interval: around(area, areaError(area, n, others.length), 0, 1),
    found: members / n,
    foundInterval: shareInterval(members, n),
  };
}

/** A note where 1 % of the others is less than one row. */
export function notesOnFew(n: number): string[] {
  return n < 100 ? [`only ${n} rows of each kind: 1 % of false alarms is less than one row`] : [];
}
