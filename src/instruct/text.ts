import { escapeText } from "./escape";
import type { RowFormat } from "./format";
import { originalPrompt } from "./original-prompt";

// A raw comma ends a value.
const escape = (value: string): string => escapeText(value, { ",": "," });

/**
 * Rows as a sentence: "age is 30, job is clerk", ended by a new line, which no value holds raw (after a number a
 * full stop could be its decimal point).
 */
export const text: RowFormat = {
  name: "text",
  targetFirst: false,
  reserved: ",\n\r",
  missing: "missing",
  numbers: "written",

  rowLiterals(schema) {
    const between = schema.fields.map((field, i) => `${i === 0 ? "" : ", "}${escapeText(field.name)} is `);
    return [...between, "\n"];
  },

  // A value that reads "missing" is told from a missing cell by a backslash, which no other text begins with.
  category: (_field, value) => (value === "missing" ? "\\missing" : escape(value)),

  prompt: (schema, options) => originalPrompt(schema, options, "text", ""),
};
