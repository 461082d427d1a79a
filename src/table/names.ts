import { HarmonicError } from "../errors";

/** Refuses column names that are empty or given twice. Names that differ in case are different names. */
export function checkNames(path: string, names: readonly string[]): void {
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    if (name.trim() === "") {
      throw new HarmonicError("E_INPUT", `${path}: column ${i + 1} has no name`, {
        hint: "name every column in the header (pandas: to_csv(..., index=False) leaves out the unnamed index)",
      });
    }
    const before = seen.get(name);
    if (before !== undefined) {
      throw new HarmonicError(
        "E_INPUT",
        `${path}: columns ${before + 1} and ${i + 1} are both named "${name}"`,
        {
          hint: "give every column a name of its own",
        },
      );
    }
    seen.set(name, i);
  });
}

/** " (did you mean "x"?)" for the nearest of the known names, or "". */
export function didYouMean(name: string, known: readonly string[]): string {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best === undefined ? "" : ` (did you mean "${best}"?)`;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
