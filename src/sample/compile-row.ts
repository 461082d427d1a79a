import type { AutomatonTables } from "../native/addon";
import { isCategoryField, isDateField, isNumberField, isTextField, type TableSchema } from "../table/schema";
import { chain, flatten, Node } from "./graph";
import type { RowLanguage } from "./language";

/**
 * Compiles the rows of a table in a language to an automaton over token ids, from the last literal back to the first.
 * @throws E_INPUT where a column has no value, or two of its values cannot be told apart
 */
export function compileRow(schema: TableSchema, language: RowLanguage): AutomatonTables {
  const literals = language.literals(schema);
  let after = new Node();
  for (let f = schema.fields.length - 1; f >= 0; f--) {
    after = language.compileCell(schema.fields[f]!, chain(literals[f + 1]!, after), f);
  }
  return { ...flatten(startOf(literals[0]!, after), columnKinds(schema)), ...textLimits(schema) };
}

/** The state before the text that a row begins with. */
export function startOf(literal: readonly number[], row: Node): Node {
  if (literal.length === 0) return row;
  const start = new Node();
  start.connect(literal[0]!, chain(literal, row).nodes[0]!);
  return start;
}

/** Fewest and most characters of each text; see AutomatonTables. */
export function textLimits(schema: TableSchema): Pick<AutomatonTables, "textLimits"> {
  if (!schema.fields.some(isTextField)) return {};
  const limits = schema.fields.flatMap((field) =>
    isTextField(field) ? [field.constraints.minLength, field.constraints.maxLength] : [0, 0],
  );
  return { textLimits: Int32Array.from(limits) };
}

/** What the decoder makes of each column; see AutomatonTables. */
export function columnKinds(schema: TableSchema): Int32Array {
  return Int32Array.from(schema.fields, (field) => {
    if (isCategoryField(field)) return 0;
    return isNumberField(field) || isDateField(field) ? 1 : 2;
  });
}
