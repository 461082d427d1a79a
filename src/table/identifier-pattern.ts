/** One part of an identifier: one of a list of texts, or the running number. */
type Part = readonly string[] | "number";

const RUNNING = "(0|[1-9][0-9]*)";
const SPECIAL = /[.*+?^${}()|[\]\\]/;

/**
 * The identifiers of one pattern, numbered: mixed-radix numbers whose digits are the choices of its parts, the last
 * part fastest.
 */
export class IdentifierPattern {
  private readonly regexp: RegExp;

  private constructor(
    private readonly parts: readonly Part[],
    /** whether the pattern has a running number, and nothing else that varies */
    readonly isRunning: boolean,
  ) {
    const groups = parts.map((part) => {
      if (part === "number") return RUNNING;
      return `(${part.map((text) => escapePattern(text)).join("|")})`;
    });
    this.regexp = new RegExp(`^${groups.join("")}$`, "u");
  }

  /** @throws SyntaxError where it is none of the regular expressions that IdentifierField allows */
  static parse(pattern: string): IdentifierPattern {
    const source = pattern.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
    const parts: Part[] = [];
    let at = 0;
    while (at < source.length) {
      const rest = source.slice(at);
      const group = /^\(((?:[^()[\]\\]|\\.)*)\)/u.exec(rest);
      const set = /^(\[(?:[^\][\\]|\\.)+\]|\\d)(?:\{(\d{1,2})\})?/u.exec(rest);
      const plain = /^(?:\\(.)|([^.*+?^${}()|[\]\\]))/u.exec(rest);
      if (rest.startsWith(RUNNING)) {
        parts.push("number");
        at += RUNNING.length;
      } else if (group) {
        parts.push(distinct(group[1]!.split(/(?<!\\)\|/).map(unescape), group[0]));
        at += group[0].length;
      } else if (set) {
        const characters = set[1] === "\\d" ? [..."0123456789"] : charactersOf(set[1]!);
        for (let n = Number(set[2] ?? 1); n > 0; n--) parts.push(characters);
        at += set[0].length;
      } else if (plain) {
        parts.push([plain[1] ?? plain[2]!]);
        at += plain[0].length;
      } else throw new SyntaxError(`"${rest.slice(0, 20)}" is not understood`);
    }
    const isRunning = parts.includes("number");
    const varying = parts.filter((part) => part === "number" || part.length > 1);
    if (isRunning && varying.length > 1) throw new SyntaxError("beside the running number all must be plain");
    return new IdentifierPattern(parts, isRunning);
  }

  /** How many identifiers there are; with a running number, as many as doubles count exactly. */
  get size(): bigint {
    if (this.isRunning) return BigInt(Number.MAX_SAFE_INTEGER);
    return this.parts.reduce((product, part) => product * BigInt(part.length), 1n);
  }

  /** The number of an identifier; undefined where it does not fit the pattern. */
  numberOf(text: string): bigint | undefined {
    const match = this.regexp.exec(text);
    if (!match) return undefined;
    return this.parts.reduce((number, part, i) => {
      const piece = match[i + 1]!;
      return part === "number" ? BigInt(piece) : number * BigInt(part.length) + BigInt(part.indexOf(piece));
    }, 0n);
  }

  textOf(number: bigint): string {
    let rest = number;
    let text = "";
    for (const part of [...this.parts].reverse()) {
      if (part === "number") {
        text = String(number) + text;
        continue;
      }
      if (part.length === 1) text = part[0]! + text;
      else {
        text = part[Number(rest % BigInt(part.length))]! + text;
        rest /= BigInt(part.length);
      }
    }
    return text;
  }
}

/** Plain text as part of a pattern. */
export function escapePattern(text: string): string {
  return Array.from(text, (c) => (SPECIAL.test(c) ? `\\${c}` : c)).join("");
}

export { RUNNING as RUNNING_NUMBER };

function unescape(text: string): string {
  return text.replace(/\\(.)/gu, "$1");
}

function distinct(texts: string[], shown: string): string[] {
  // Of two texts where one begins the other, what follows could belong to either.
  const clash = texts.find((text, i) => texts.some((other, j) => i !== j && other.startsWith(text)));
  if (clash !== undefined) throw new SyntaxError(`in ${shown}, "${clash}" begins another`);
  return texts;
}

/** The characters of a set such as [0-9a-f]. */
function charactersOf(set: string): string[] {
  const characters: string[] = [];
  const inner = Array.from(set.slice(1, -1).matchAll(/\\(.)|(.)/gsu), (m) => ({
    character: m[1] ?? m[2]!,
    isRange: m[2] === "-",
  }));
  for (let i = 0; i < inner.length; i++) {
    const { character } = inner[i]!;
    if (inner[i + 1]?.isRange && i + 2 < inner.length) {
      const last = inner[i + 2]!.character.codePointAt(0)!;
      for (let code = character.codePointAt(0)!; code <= last; code++)
        characters.push(String.fromCodePoint(code));
      i += 2;
    } else characters.push(character);
  }
  if (set.startsWith("[^") || new Set(characters).size !== characters.length || characters.length === 0) {
    throw new SyntaxError(`${set} is no plain set of characters`);
  }
  return characters;
}
