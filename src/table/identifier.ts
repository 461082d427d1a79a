import { HarmonicError } from "../errors";
import { Random } from "../random";
import { IdentifierPattern } from "./identifier-pattern";
import type { IdentifierField } from "./schema";

/**
 * The identifier of row i of a table drawn with this seed: another for every row, the same whenever it is asked for.
 * Running numbers go on from the field's start; else row i gets number (a i + b) mod size of the pattern's identifiers,
 * a and b drawn by the seed and a prime to the size, so that no two rows share one. `taken` are numbers left out,
 * ascending (see takenNumbers).
 * @throws E_INPUT where the pattern has fewer than i + 1 identifiers
 */
export function identifierOf(
  field: IdentifierField,
  seed: number | string,
  i: number,
  taken: readonly bigint[] = [],
): string {
  const pattern = patternOf(field);
  if (pattern.isRunning) return pattern.textOf(BigInt(field.start ?? 1) + BigInt(i));
  const size = pattern.size - BigInt(taken.length);
  if (BigInt(i) >= size) throw exhausted(field, i + 1, size);
  const { a, b } = stepsOf(field, seed, size);
  return pattern.textOf(skip((a * BigInt(i) + b) % size, taken));
}

/** Numbers that the real identifiers have in their pattern, ascending, for identifierOf to leave out. */
function takenNumbers(field: IdentifierField, real: readonly (string | null)[]): bigint[] {
  const pattern = patternOf(field);
  if (pattern.isRunning) return []; // behind the real ones by its start
  const numbers = new Set(real.flatMap((text) => (text === null ? [] : (pattern.numberOf(text) ?? []))));
  return [...numbers].sort((x, y) => (x < y ? -1 : x > y ? 1 : 0));
}

export interface IdentifierPlan {
  /** for identifierOf */
  taken: bigint[];
  /** that real identifiers may come back, where the pattern has no room beside them */
  warning?: string;
}

/**
 * How a table of so many rows gets its identifiers, decided before the first row is drawn.
 * @throws E_INPUT where the pattern has fewer identifiers than rows
 */
export function planIdentifiers(
  field: IdentifierField,
  rows: number,
  real: readonly (string | null)[],
): IdentifierPlan {
  const { size } = patternOf(field);
  if (BigInt(rows) > size) throw exhausted(field, rows, size);
  const taken = takenNumbers(field, real);
  if (BigInt(rows) <= size - BigInt(taken.length)) return { taken };
  return {
    taken: [],
    warning:
      `column "${field.name}": its pattern has ${size} identifiers, too few for ${rows} rows beside the ` +
      `${taken.length} real ones: some of the real ones come back`,
  };
}

const patterns = new WeakMap<IdentifierField, IdentifierPattern>();

/** The field's pattern, read once. */
export function patternOf(field: IdentifierField): IdentifierPattern {
  let pattern = patterns.get(field);
  if (!pattern) {
    pattern = IdentifierPattern.parse(field.constraints.pattern);
    patterns.set(field, pattern);
  }
  return pattern;
}

interface Steps {
  a: bigint;
  b: bigint;
}

const steps = new WeakMap<IdentifierField, Map<string, Steps>>();

function stepsOf(field: IdentifierField, seed: number | string, size: bigint): Steps {
  let known = steps.get(field);
  if (!known) steps.set(field, (known = new Map<string, Steps>()));
  const key = `${seed} ${size}`;
  let found = known.get(key);
  if (!found) {
    const random = new Random(seed).derive("identifiers").derive(field.name);
    const draw = (): bigint => ((random.nextUint64() << 64n) | random.nextUint64()) % size;
    let a = draw();
    while (gcd(a, size) !== 1n) a = (a + 1n) % size;
    known.set(key, (found = { a, b: draw() }));
  }
  return found;
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** The number at this rank among those that are not taken. */
function skip(rank: bigint, taken: readonly bigint[]): bigint {
  let low = 0;
  let high = taken.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    // So many numbers below taken[middle] are free.
    if (taken[middle]! - BigInt(middle) <= rank) low = middle + 1;
    else high = middle;
  }
  return rank + BigInt(low);
}

function exhausted(field: IdentifierField, rows: number, size: bigint): HarmonicError {
  return new HarmonicError(
    "E_INPUT",
    `column "${field.name}": its pattern ${field.constraints.pattern} has ${size} identifiers, too few for ${rows} rows`,
    { hint: "draw fewer rows, or lengthen the pattern in the schema" },
  );
}
