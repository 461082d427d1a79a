import type { NumberFormat } from "./schema";

/** A plain decimal number as printed: value = (-1)^negative * digits * 10^exponent. */
export interface Decimal {
  negative: boolean;
  /** significant digits without leading and trailing zeros; "" for zero */
  digits: string;
  exponent: number;
  /** digits printed after the point, or -1 in exponent notation, where that says nothing */
  printed: number;
}

/** Most significant digits that a column may have at its common scale: integers below 10^15 are exact in a double. */
export const MAX_DIGITS = 15;

// No leading zeros ("007" is a code, not a number), no thousands separators, no hexadecimal.
const NUMBER = /^([+-]?)(?:(0|[1-9]\d*)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,3}))?$/;

/** Reads a cell as a number, surrounding spaces aside; undefined where it is none. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text.trim());
  if (!match) return undefined;
  const whole = match[2] ?? "";
  const fraction = match[3] ?? match[4] ?? "";
  const all = (whole + fraction).replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return {
    negative: match[1] === "-" && digits !== "",
    digits,
    exponent: digits === "" ? 0 : all.length - digits.length - fraction.length + Number(match[5] ?? 0),
    printed: match[5] === undefined ? fraction.length : -1,
  };
}

// Commas between groups of three before the point, at least one of them.
const GROUPED = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;

/** Whether a cell is a number with thousands separators. */
export function isGrouped(text: string): boolean {
  return GROUPED.test(text.trim());
}

/** Reads a cell of a column of this format: also plainly written, as other programs and typed files have it. */
export function parseNumber(text: string, format: NumberFormat): Decimal | undefined {
  const trimmed = text.trim();
  if (format.thousands && isGrouped(trimmed)) return parseDecimal(trimmed.replaceAll(",", ""));
  if (format.width !== undefined && /^\d+$/.test(trimmed)) {
    if (trimmed.length > format.width) return undefined;
    return parseDecimal(trimmed.replace(/^0+(?=\d)/, ""));
  }
  return parseDecimal(trimmed);
}

/** Digits after the point that the value needs. */
export function decimalsOf(value: Decimal): number {
  return Math.max(0, -value.exponent);
}

/** Digits before the point. */
export function wholeDigitsOf(value: Decimal): number {
  return Math.max(0, value.digits.length + value.exponent);
}

export type Rounding = "nearest" | "up" | "down";

/** value * 10^decimals as an integer; what is lost is rounded (half away from zero, or towards +-infinity). */
export function toScaled(value: Decimal, decimals: number, rounding: Rounding = "nearest"): number {
  const shift = value.exponent + decimals;
  const sign = value.negative ? -1 : 1;
  if (value.digits === "") return 0;
  if (shift >= 0) return sign * Number(value.digits + "0".repeat(shift));
  const kept = value.digits.slice(0, shift);
  const lost = value.digits.slice(kept.length).padStart(-shift, "0");
  const away = rounding === "nearest" ? lost.charAt(0) >= "5" : rounding === (value.negative ? "down" : "up"); // lost is never zero
  const scaled = Number(kept || "0") + (away ? 1 : 0);
  return scaled === 0 ? 0 : sign * scaled;
}

/** scaled / 10^decimals, the double nearest to the decimal number. */
export function fromScaled(scaled: number, decimals: number): number {
  return decimals <= 22 ? scaled / 10 ** decimals : Number(`${scaled}e-${decimals}`);
}

/** Exactly `decimals` digits after the point, then trailing zeros cut (or added) down (up) to `minDecimals`. */
export function formatScaled(scaled: number, decimals: number, minDecimals: number): string {
  const digits = String(Math.abs(scaled)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  let end = digits.length;
  const shortest = whole.length + Math.min(minDecimals, decimals);
  while (end > shortest && digits.charAt(end - 1) === "0") end--;
  const fraction = digits.slice(whole.length, end).padEnd(minDecimals, "0");
  return (scaled < 0 ? "-" : "") + whole + (fraction === "" ? "" : `.${fraction}`);
}

/** The text of a number in its column's format: what formatScaled gives, with leading zeros, plus and separators. */
export function formatNumber(scaled: number, format: NumberFormat): string {
  const { decimals, minDecimals, width, plus, thousands } = format;
  let text = formatScaled(scaled, decimals, minDecimals);
  if (width !== undefined) text = text.padStart(width, "0");
  if (thousands) text = text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
  return plus && scaled >= 0 ? `+${text}` : text;
}
