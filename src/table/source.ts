/**
 * A table as read: every cell is text, exactly as it stands in the file. Held in memory, one dictionary a column,
 * so that inference and conversion look at each distinct text once.
 */
export interface TableSource {
  /** where it came from, for messages */
  path: string;
  names: string[];
  nRows: number;
  columns: TextColumn[];
}

export interface TextColumn {
  name: string;
  /** distinct non-empty texts in order of first appearance */
  texts: string[];
  /** index into texts, -1 an empty cell; shape (nRows) */
  codes: Int32Array;
}

/** Gathers the cells of one column. */
export class TextColumnBuilder {
  private readonly index = new Map<string, number>();
  private readonly texts: string[] = [];
  private codes = new Int32Array(1024);
  private length = 0;

  constructor(private readonly name: string) {}

  push(text: string | null): void {
    if (this.length === this.codes.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.codes);
      this.codes = grown;
    }
    this.codes[this.length++] = text === null || text === "" ? -1 : this.codeOf(text);
  }

  finish(): TextColumn {
    return { name: this.name, texts: this.texts, codes: this.codes.slice(0, this.length) };
  }

  private codeOf(text: string): number {
    let code = this.index.get(text);
    if (code === undefined) {
      code = this.texts.length;
      this.index.set(text, code);
      this.texts.push(text);
    }
    return code;
  }
}

/** Cells per distinct text, and of empty cells: shape (texts.length + 1), the empty ones last. */
export function countTexts(column: TextColumn): Int32Array {
  const counts = new Int32Array(column.texts.length + 1);
  for (const code of column.codes) counts[code < 0 ? column.texts.length : code]!++;
  return counts;
}

/** 1-based number of the first row that holds the text with this code. */
export function firstRowOf(column: TextColumn, code: number): number {
  return column.codes.indexOf(code) + 1;
}
