import type { RowFormat } from "./format";
import { originalPrompt } from "./original-prompt";

/** The text of a value inside JSON quotes. */
const json = (text: string): string => JSON.stringify(text).slice(1, -1);

/**
 * The original method's rows and prompts, character by character: a row is a JSON object with every value quoted
 * and the keys in column order.
 */
export const dict: RowFormat = {
  name: "dict",
  targetFirst: false,
  // What JSON escapes.
  reserved: `"\\${Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("")}`,
  missing: "",
  numbers: "written",

  rowLiterals(schema) {
    const between = schema.fields.map((field, i) => `${i === 0 ? "{" : '", '}"${json(field.name)}": "`);
    return [...between, '"}'];
  },

  category: (_field, value) => json(value),

  prompt: (schema, options) => originalPrompt(schema, options, "JSON", "\n"),
};
