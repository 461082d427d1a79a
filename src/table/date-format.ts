import { isReal, toDigits, fromDigits, type CalendarTime } from "./calendar";

/** Width and place of each directive; those with "-" are written without leading zeros. */
const DIRECTIVES: Readonly<Record<string, { part: keyof CalendarTime; digits: number; padded: boolean }>> = {
  "%Y": { part: "year", digits: 4, padded: true },
  "%m": { part: "month", digits: 2, padded: true },
  "%d": { part: "day", digits: 2, padded: true },
  "%H": { part: "hour", digits: 2, padded: true },
  "%M": { part: "minute", digits: 2, padded: true },
  "%S": { part: "second", digits: 2, padded: true },
  "%-m": { part: "month", digits: 2, padded: false },
  "%-d": { part: "day", digits: 2, padded: false },
  "%-H": { part: "hour", digits: 2, padded: false },
};

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]00:?00)?)?$/;
const MIDNIGHT = { hour: 0, minute: 0, second: 0 };

/** Reads and writes the cells of a date column by a strptime pattern. */
export class DateFormat {
  private readonly pieces: string[];
  private readonly parts: (keyof CalendarTime)[];
  private readonly regexp: RegExp;

  constructor(
    readonly pattern: string,
    readonly withTime: boolean,
  ) {
    this.pieces = pattern.match(/%-?[a-zA-Z]|%%|[^%]+|%/g) ?? [];
    this.parts = this.pieces.flatMap((piece) => DIRECTIVES[piece]?.part ?? []);
    const source = this.pieces.map((piece) => {
      const directive = DIRECTIVES[piece];
      if (!directive) return escapeRegExp(piece === "%%" ? "%" : piece);
      return directive.padded ? `(\\d{${directive.digits}})` : "(0|[1-9]\\d?)";
    });
    this.regexp = new RegExp(`^${source.join("")}$`);
  }

  /** What is wrong with the pattern, undefined where nothing is. */
  problem(): string | undefined {
    const unknown = this.pieces.find((piece) => /^%(?!%)/.test(piece) && !DIRECTIVES[piece]);
    if (unknown !== undefined) return `"${unknown}" is none of ${Object.keys(DIRECTIVES).join(", ")}`;
    for (const part of ["year", "month", "day"] as const) {
      if (this.parts.filter((other) => other === part).length !== 1) return `it needs the ${part} once`;
    }
    if (new Set(this.parts).size !== this.parts.length) return "it has a part twice";
    if (!this.withTime) return this.parts.length === 3 ? undefined : "a date has no time of day";
    if (this.parts.includes("hour") && this.parts.includes("minute")) return undefined;
    return "a datetime needs %H and %M";
  }

  /** Whether seconds are written. */
  get hasSeconds(): boolean {
    return this.parts.includes("second");
  }

  /** The ISO digits of a cell in this format; undefined where it is none or there is no such day. */
  parse(text: string): number | undefined {
    const match = this.regexp.exec(text);
    if (!match) return undefined;
    const time: CalendarTime = { year: 0, month: 0, day: 0, ...MIDNIGHT };
    this.parts.forEach((part, i) => (time[part] = Number(match[i + 1])));
    return isReal(time) ? toDigits(time, this.withTime) : undefined;
  }

  format(digits: number): string {
    const time = fromDigits(digits);
    let text = "";
    for (const piece of this.pieces) {
      const directive = DIRECTIVES[piece];
      if (!directive) text += piece === "%%" ? "%" : piece;
      else text += String(time[directive.part]).padStart(directive.padded ? directive.digits : 1, "0");
    }
    return text;
  }
}

/** The ISO digits of a date or time in ISO 8601, as typed files hold them: no zone but UTC, parts of a second cut off. */
export function parseIso(text: string, withTime: boolean): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  const time = { year, month, day, hour, minute, second };
  return isReal(time) ? toDigits(time, withTime) : undefined;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
