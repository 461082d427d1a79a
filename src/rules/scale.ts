import { isoText } from "../table/calendar";
import { parseIso } from "../table/date-format";
import { formatScaled, fromScaled, parseDecimal, toScaled } from "../table/number";
import { type Field, isDateField, isNumberField } from "../table/schema";

/** How a column's values are integers: numbers times 10^decimals, the digits of dates. */
export interface Scale {
  decimals: number;
  lowest: number;
  highest: number;
}

/** Of a number's or a date's column; undefined for others. */
export function scaleOf(field: Field): Scale | undefined {
  if (isNumberField(field)) {
    const { decimals } = field.numberFormat;
    const { minimum, maximum } = field.constraints;
    const scaled = (value: number, rounding: "up" | "down"): number =>
      toScaled(parseDecimal(String(value))!, decimals, rounding);
    return { decimals, lowest: scaled(minimum, "up"), highest: scaled(maximum, "down") };
  }
  if (!isDateField(field)) return undefined;
  const withTime = field.type === "datetime";
  const { minimum, maximum } = field.constraints;
  return { decimals: 0, lowest: parseIso(minimum, withTime)!, highest: parseIso(maximum, withTime)! };
}

/** A scaled value as messages show it. */
export function scaledText(field: Field, scaled: number): string {
  if (isDateField(field)) return isoText(scaled);
  const decimals = isNumberField(field) ? field.numberFormat.decimals : 0;
  return formatScaled(scaled, decimals, 0);
}

/** The value that a scaled one stands for. */
export function realValue(field: Field, scaled: number): number {
  return isNumberField(field) ? fromScaled(scaled, field.numberFormat.decimals) : scaled;
}
