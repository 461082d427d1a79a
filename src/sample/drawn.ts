import type { GenerateResult, TextBuffers } from "../native/addon";
import type { Column } from "../table/columns";
import { isCategoryField, isDateField, isNumberField, type TableSchema } from "../table/schema";
import { concatenated } from "./joined";
import type { RowLanguage } from "./language";

/** The first `nRows` rows of what the generator drew, as columns in the order of `schema`, which it draws in. */
export function drawnColumns(
  { columns }: GenerateResult,
  schema: TableSchema,
  nRows: number,
  language: RowLanguage,
): Column[] {
  return schema.fields.map((field, f): Column => {
    const { name } = field;
    const buffer = columns[f]!;
    if (isCategoryField(field)) {
      const codes = new Int32Array(buffer as ArrayBuffer).subarray(0, nRows);
      return { kind: "category", name, values: field.constraints.enum, codes };
    }
    if (isNumberField(field) || isDateField(field)) {
      const scaled = new Float64Array(buffer as ArrayBuffer).subarray(0, nRows);
      if (isDateField(field)) return { kind: "date", name, scaled };
      return { kind: "number", name, decimals: field.numberFormat.decimals, scaled };
    }
    const texts = textsOf(buffer as TextBuffers).slice(0, nRows);
    return { kind: "text", name, values: texts.map((text) => text && language.readText(field, text)) };
  });
}

function textsOf({ offsets, bytes, missing }: TextBuffers): (string | null)[] {
  const ends = new Int32Array(offsets);
  const all = Buffer.from(bytes);
  return Array.from(new Uint8Array(missing), (isMissing, i) =>
    isMissing ? null : all.toString("utf8", ends[i], ends[i + 1]),
  );
}

/** Tables of the same columns, one below the other. */
export function joinColumns(pieces: readonly (readonly Column[])[]): Column[] {
  const [first = [], ...others] = pieces;
  if (others.length === 0) return [...first];
  return first.map((column, c): Column => {
    // The same kind in every piece.
    const all = <C extends Column>(_: C): C[] => pieces.map((piece) => piece[c] as C);
    switch (column.kind) {
      case "category":
        return {
          ...column,
          codes: concatenated(
            all(column).map(({ codes }) => codes),
            Int32Array,
          ),
        };
      case "text":
        return { ...column, values: all(column).flatMap(({ values }) => values) };
      default:
        return {
          ...column,
          scaled: concatenated(
            all(column).map(({ scaled }) => scaled),
            Float64Array,
          ),
        };
    }
  });
}
