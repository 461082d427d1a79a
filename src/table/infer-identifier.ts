import { escapePattern, RUNNING_NUMBER } from "./identifier-pattern";

export interface InferredIdentifier {
  pattern: string;
  /** first running number behind those of the texts, where the pattern has one */
  start?: number;
}

/** Most different prefixes such as DE and FR that are kept as a list. */
const MAX_ALTERNATIVES = 8;
/** Characters of an identifier, at most. */
const LONGEST = 64;
const CLOCK = /^\d{1,2}:\d{2}(:\d{2})?$/;
const RUNNING = /^(\D*)(0|[1-9]\d{0,14})(\D*)$/;

/**
 * The pattern that all of a column's texts follow, undefined where they follow none: a running number between the same
 * texts (user_17), else texts of one length whose characters are of the same kind place by place (AB-0042, UUIDs). Some
 * part that varies holds digits: words that happen to be of one length are no identifiers.
 */
export function inferPattern(texts: readonly string[]): InferredIdentifier | undefined {
  if (texts.some((text) => text.length > LONGEST) || texts.every((text) => CLOCK.test(text)))
    return undefined;
  return runningPattern(texts) ?? placePattern(texts);
}

/** Whether integers are the numbers of rows: by their column's name, or because they run. */
export function areRowNumbers(name: string, integers: readonly number[]): boolean {
  if (/^(id|uuid|guid|index|idx|key|row|nr|no|number|#)$/i.test(name.trim())) return true;
  if (/([_ .-]id|[a-z]Id|[_a-z]ID|[_ .-](nr|no|number|key))$/.test(name.trim())) return true;
  const step = integers[1]! - integers[0]!;
  return Math.abs(step) === 1 && integers.every((n, i) => i === 0 || n - integers[i - 1]! === step);
}

function runningPattern(texts: readonly string[]): InferredIdentifier | undefined {
  const [, before, , after] = RUNNING.exec(texts[0]!) ?? [];
  if (before === undefined || after === undefined) return undefined;
  let largest = 0;
  const lengths = new Set<number>();
  for (const text of texts) {
    const match = RUNNING.exec(text);
    if (match?.[1] !== before || match[3] !== after) return undefined;
    largest = Math.max(largest, Number(match[2]));
    lengths.add(match[2]!.length);
  }
  // Of one length, such as 48213: numbers of fixed width rather than running ones, unless they fill their range.
  if (lengths.size === 1 && largest >= 10 * texts.length) return undefined;
  return { pattern: escapePattern(before) + RUNNING_NUMBER + escapePattern(after), start: largest + 1 };
}

/** What may stand at one place: characters of one kind, or always the same. */
type Kind =
  "0-9" | "a-z" | "A-Z" | "0-9a-f" | "0-9A-F" | "0-9a-z" | "0-9A-Z" | "0-9a-zA-Z" | "a-zA-Z" | undefined;

function placePattern(texts: readonly string[]): InferredIdentifier | undefined {
  const length = texts[0]!.length;
  if (texts.some((text) => text.length !== length)) return undefined;
  const places = Array.from({ length }, (_, at) => new Set(texts.map((text) => text[at]!)));
  const kinds = places.map(kindOf);
  let pattern = "";
  let hasDigits = false;
  for (let at = 0; at < length;) {
    let end = at + 1;
    while (end < length && kinds[end] !== undefined && kinds[end] === kinds[at]) end++;
    const run = new Set(texts.map((text) => text.slice(at, end)));
    if (run.size === 1) pattern += escapePattern([...run][0]!);
    else if (kinds[at] === undefined) return undefined;
    else if (/^[a-zA-Z]/.test(kinds[at]!) && run.size <= MAX_ALTERNATIVES)
      pattern += `(${[...run].sort().join("|")})`;
    else {
      pattern += rangeOf(kinds[at]!, places.slice(at, end));
      hasDigits ||= kinds[at]!.startsWith("0-9");
    }
    at = end;
  }
  return hasDigits ? { pattern } : undefined;
}

/** Digits and letters mixed, at places that show few of them, are those alone: the 8, 9, a and b of a UUID. */
function rangeOf(kind: Exclude<Kind, undefined>, places: readonly ReadonlySet<string>[]): string {
  const sets = places.map((place) =>
    kind.length > 3 && place.size <= 4 ? `[${[...place].sort().join("")}]` : `[${kind}]`,
  );
  let pattern = "";
  for (let at = 0; at < sets.length;) {
    let end = at + 1;
    while (end < sets.length && sets[end] === sets[at]) end++;
    const set = sets[at]!;
    pattern +=
      set.length === 3 ? set.slice(1, 2).repeat(end - at) : end - at === 1 ? set : `${set}{${end - at}}`;
    at = end;
  }
  return pattern;
}

const KINDS: readonly Exclude<Kind, undefined>[] = [
  ...(["0-9", "a-z", "A-Z", "0-9a-f", "0-9A-F"] as const),
  ...(["a-zA-Z", "0-9a-z", "0-9A-Z", "0-9a-zA-Z"] as const),
];

function kindOf(place: ReadonlySet<string>): Kind {
  return KINDS.find((kind) => {
    const one = new RegExp(`^[${kind}]$`);
    return [...place].every((character) => one.test(character));
  });
}
