import {
  decimalsOf,
  fromScaled,
  isGrouped,
  MAX_DIGITS,
  parseDecimal,
  toScaled,
  wholeDigitsOf,
  type Decimal,
} from "./number";
import type { NumberField, NumberFormat } from "./schema";

/** A text of a column, read as a number. */
export interface NumberText {
  text: string;
  decimal: Decimal;
}

/** Reads a text as a number, also with thousands separators. */
export function readNumber(text: string): Decimal | undefined {
  return parseDecimal(text) ?? (isGrouped(text) ? parseDecimal(text.trim().replaceAll(",", "")) : undefined);
}

/** Whether texts that are numbers one by one are those of one column: separators wherever there is room, or nowhere. */
export function areOneFormat(texts: readonly NumberText[]): boolean {
  if (texts.some(({ decimal }) => wholeDigitsOf(decimal) > MAX_DIGITS)) return false;
  if (!texts.some(({ text }) => isGrouped(text))) return true;
  return texts.every(
    ({ text, decimal }) => isGrouped(text) || (wholeDigitsOf(decimal) <= 3 && decimal.printed >= 0),
  );
}

/** Type, range and format of a column of numbers. */
export function numberDomain(texts: readonly NumberText[]): {
  type: NumberField["type"];
  minimum: number;
  maximum: number;
  numberFormat: NumberFormat;
} {
  const numbers = texts.map(({ decimal }) => decimal);
  const wanted = numbers.reduce((most, value) => Math.max(most, decimalsOf(value)), 0);
  const whole = numbers.reduce((most, value) => Math.max(most, wholeDigitsOf(value)), 0);
  const decimals = Math.min(wanted, MAX_DIGITS - whole);
  const printed = numbers.filter((value) => value.printed >= 0).map((value) => value.printed);
  const leastPrinted = printed.length === 0 ? 0 : printed.reduce((least, n) => Math.min(least, n));
  const minDecimals = wanted > decimals ? Math.min(leastPrinted, decimals) : leastPrinted;
  let minimum = Infinity;
  let maximum = -Infinity;
  for (const value of numbers) {
    minimum = Math.min(minimum, toScaled(value, decimals, "up"));
    maximum = Math.max(maximum, toScaled(value, decimals, "down"));
  }
  // Rounding inwards can cross where all values lie within one step of the reduced scale.
  if (minimum > maximum) minimum = maximum;
  const notNegative = texts.filter(({ decimal }) => !decimal.negative);
  const plus = notNegative.length > 0 && notNegative.every(({ text }) => text.trim().startsWith("+"));
  return {
    type: decimals === 0 && minDecimals === 0 ? "integer" : "number",
    minimum: fromScaled(minimum, decimals),
    maximum: fromScaled(maximum, decimals),
    numberFormat: {
      decimals,
      minDecimals,
      ...(plus && { plus }),
      ...(texts.some(({ text }) => isGrouped(text)) && { thousands: true as const }),
    },
  };
}

/** Width of digits with leading zeros, where all texts are such of one length. */
export function paddedWidth(texts: readonly string[]): number | undefined {
  const width = texts[0]?.length ?? 0;
  if (width < 2 || width > MAX_DIGITS) return undefined;
  const isPadded = texts.every((text) => text.length === width && /^\d+$/.test(text));
  return isPadded && texts.some((text) => text.startsWith("0")) ? width : undefined;
}
