import type { TableSchema } from "../table/schema";
import { escapeText } from "./escape";
import type { RowFormat } from "./format";

const escape = (text: string): string => escapeText(text, { "|": "p" });

/**
 * The column names once, then values only: `a|b|c` and a row a line. Three to five times fewer tokens a row than
 * `dict`. The row to generate follows k rows that look like it, so a prompt needs no cue and its rows no
 * end-of-sequence token: a group of k + 1 rows also teaches each row given those before it.
 */
export const compact: RowFormat = {
  name: "compact",
  targetFirst: true,
  missing: "",
  numbers: "fixed",

  rowLiterals(schema: TableSchema): string[] {
    return ["", ...schema.fields.slice(1).map(() => "|"), "\n"];
  },

  category: (_field, value) => escape(value),

  prompt(schema, { description, k }) {
    const table = description === "" ? "" : `Table: ${escapeText(description)}\n`;
    const columns = schema.fields.map((field) => escape(field.name)).join("|");
    const nothing = Array.from({ length: k }, () => "");
    return {
      head: `${table}Columns: ${columns}\n`,
      before: nothing,
      after: nothing,
      cue: "",
      tail: "",
      endOfSequence: false,
    };
  },
};
