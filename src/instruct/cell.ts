import { isoText } from "../table/calendar";
import type { Column, DateColumn, NumberColumn } from "../table/columns";
import { DateFormat } from "../table/date-format";
import { formatScaled } from "../table/number";
import { isDateField, isNumberField, type Field, type TextField } from "../table/schema";
import type { RowFormat } from "./format";
import { StandIns } from "./stand-ins";

/** Digits that a number cell prints after the point, at least: all its decimals where the format fixes them. */
export function printedDecimals(field: Field, format: RowFormat): number {
  if (!isNumberField(field)) return 0;
  const { decimals, minDecimals } = field.numberFormat;
  return format.numbers === "fixed" ? decimals : minDecimals;
}

/**
 * Writes a number or date as it stands in rows: numbers with their leading zeros but without plus and separators, dates
 * in ISO 8601, to the minute where the column has no seconds.
 */
function figureWriter(
  field: Field,
  format: RowFormat,
  column: NumberColumn | DateColumn,
): (scaled: number) => string {
  if (column.kind === "date") {
    const end = isDateField(field) && field.type === "datetime" && !hasSeconds(field.format) ? -3 : undefined;
    return (digits) => isoText(digits).slice(0, end);
  }
  const minDecimals = isNumberField(field) ? printedDecimals(field, format) : column.decimals;
  const width = isNumberField(field) ? (field.numberFormat.width ?? 0) : 0;
  return (scaled) => formatScaled(scaled, column.decimals, minDecimals).padStart(width, "0");
}

/** Whether a datetime's pattern has seconds. */
export function hasSeconds(pattern: string): boolean {
  return new DateFormat(pattern, true).hasSeconds;
}

/** How texts of a column stand in rows of a format; `beside`: characters that the base model cannot write. */
export function standInsOf(field: TextField, format: RowFormat, beside: Iterable<string> = []): StandIns {
  return new StandIns(new Set([...format.reserved, ...beside]), new Set(field.characters), format.missing);
}

/** Writes the cells of a column as they stand in rows; undefined where they are missing. */
export function cellWriter(
  field: Field,
  format: RowFormat,
  column: Column,
): (i: number) => string | undefined {
  if (column.kind === "category") {
    const texts = column.values.map((value) => format.category(field, value));
    return (i) => texts[column.codes[i]!];
  }
  if (column.kind === "text") {
    const standIns = standInsOf(field as TextField, format);
    return (i) => {
      const text = column.values[i]!;
      return text === null ? undefined : standIns.toRow(text);
    };
  }
  const write = figureWriter(field, format, column);
  return (i) => {
    const scaled = column.scaled[i]!;
    return Number.isNaN(scaled) ? undefined : write(scaled);
  };
}
