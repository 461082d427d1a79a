import { isoText } from "./calendar";
import { DateFormat } from "./date-format";
import type { DateField } from "./schema";

const SHAPE = /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:([T ])(\d{2}):\d{2}(:\d{2})?)?(\.0+|)(Z|[+-]00:?00|)$/;
const MIDNIGHT = /([T ]00:00(?::00)?(?:\.0+)?(?:Z|[+-]00:?00)?)$/;

export type InferredDate = Pick<DateField, "type" | "format"> & { minimum: string; maximum: string };

/**
 * The one format in which all texts are dates, with their range; undefined where there is none, "ambiguous" where days
 * and months cannot be told apart. Years have four digits. Times that are midnight throughout belong to the format, and
 * so does a mark of UTC. With full stops the day comes first, as wherever dates are written so.
 */
export function inferDate(texts: readonly string[]): InferredDate | "ambiguous" | undefined {
  const [first] = texts;
  const shape = first === undefined ? null : SHAPE.exec(first);
  if (!shape) return undefined;
  const found = patternsLike(shape, texts).flatMap(({ pattern, withTime, order }) => {
    const format = new DateFormat(pattern, withTime);
    let minimum = Infinity;
    let maximum = -Infinity;
    for (const text of texts) {
      const digits = format.parse(text);
      // Without leading zeros throughout, or with them throughout: what is read must be written back the same.
      if (digits === undefined) return [];
      minimum = Math.min(minimum, digits);
      maximum = Math.max(maximum, digits);
    }
    const type = withTime ? ("datetime" as const) : ("date" as const);
    return [{ order, date: { type, format: pattern, minimum: isoText(minimum), maximum: isoText(maximum) } }];
  });
  // Padded before unpadded: where both fit, all have two digits.
  return new Set(found.map(({ order }) => order)).size > 1 ? "ambiguous" : found[0]?.date;
}

function patternsLike(
  shape: RegExpExecArray,
  texts: readonly string[],
): { pattern: string; withTime: boolean; order: string }[] {
  const [, start, separator, , last, between, hour, seconds, fraction, zone] = shape;
  const midnight = commonEnd(texts);
  const withTime = hour !== undefined && midnight === undefined;
  const end = midnight ?? `${withTime ? timePattern(between!, seconds !== undefined) : ""}${fraction}${zone}`;
  if (!withTime && midnight === undefined && end !== "") return [];
  const orders: string[] = [];
  if (start!.length === 4) orders.push("Ymd");
  else if (last!.length === 4) {
    orders.push("dmY");
    if (separator !== ".") orders.push("mdY");
  }
  return [true, false].flatMap((padded) =>
    orders.map((order) => {
      const parts = Array.from(order, (part) => (padded || part === "Y" ? `%${part}` : `%-${part}`));
      return { pattern: parts.join(separator) + end, withTime, order };
    }),
  );
}

function timePattern(between: string, seconds: boolean): string {
  return `${between}%H:%M${seconds ? ":%S" : ""}`;
}

/** The time of day and zone that all texts end with, where it is midnight. */
function commonEnd(texts: readonly string[]): string | undefined {
  const end = MIDNIGHT.exec(texts[0]!)?.[1];
  return end !== undefined && texts.every((text) => text.endsWith(end)) ? end : undefined;
}
