import { HarmonicError } from "../errors";
import { utf8Pieces } from "./text-file";

export interface CsvShape {
  delimiter: string;
  nColumns: number;
  /** the header and the rows; blank lines are none */
  nRecords: number;
  /** bytes of the longest record */
  longest: number;
}

/**
 * Checks that a file is CSV (RFC 4180; line ends \n, \r\n or \r) with one cell for each column in every record.
 * DuckDB reads the cells, but drops without a word a last record whose quote is never closed, extra empty cells
 * at the end of a row, and takes zero bytes for text; and where it complains it counts records, not lines.
 * A delimiter that is not given is found from the header. Errors: E_INPUT naming the line.
 */
export async function checkCsv(path: string, delimiter?: string): Promise<CsvShape> {
  let check: CsvCheck | undefined;
  for await (const bytes of utf8Pieces(path)) {
    check ??= new CsvCheck(path, delimiter ?? detectDelimiter(bytes.toString("latin1")));
    check.add(bytes);
  }
  return check?.end() ?? { delimiter: delimiter ?? ",", nColumns: 0, nRecords: 0, longest: 0 };
}

/** Where in a cell a byte stands; spaces around quotes belong to no cell, as DuckDB has it. */
enum At {
  Start,
  Plain,
  Quoted,
  /** after a quote inside quotes: the end of the cell, or the first of two that stand for one */
  Quote,
  AfterQuotes,
}

class CsvCheck {
  private at = At.Start;
  private afterReturn = false;
  private lineEnd: "\\r" | "\\n" | undefined; // \r\n counts as \n
  private line = 1;
  private headerLine = 1;
  private recordLine = 1;
  private quoteLine = 1;
  private nCells = 1;
  private length = 0; // bytes of the record so far
  private readonly shape: CsvShape;

  constructor(
    private readonly path: string,
    delimiter: string,
  ) {
    this.shape = { delimiter, nColumns: 0, nRecords: 0, longest: 0 };
  }

  add(bytes: Uint8Array): void {
    const delimiter = this.shape.delimiter.charCodeAt(0);
    for (const byte of bytes) {
      if (this.at === At.Quoted) {
        this.length++;
        if (byte === QUOTE) this.at = At.Quote;
        else if (byte === NEWLINE) this.line++;
        continue;
      }
      if (byte === NEWLINE && this.afterReturn) {
        this.afterReturn = false;
        this.checkLineEnd("\\n", this.line - 1);
        continue;
      }
      if (this.afterReturn) this.checkLineEnd("\\r", this.line - 1);
      this.afterReturn = byte === RETURN;
      if (byte === NEWLINE) this.checkLineEnd("\\n", this.line);
      if (byte === NEWLINE || byte === RETURN) {
        this.endRecord();
        continue;
      }
      this.length++;
      if (byte === delimiter) {
        this.at = At.Start;
        this.nCells++;
      } else if (byte === QUOTE && (this.at === At.Start || this.at === At.Quote)) {
        if (this.at === At.Start) this.quoteLine = this.line;
        this.at = At.Quoted;
      } else if (byte === SPACE) {
        if (this.at === At.Quote) this.at = At.AfterQuotes;
      } else if (this.at === At.Quote || this.at === At.AfterQuotes) {
        throw this.error(this.line, "text follows the closing quote of a cell", {
          hint: 'write a quote inside a quoted cell twice: "a ""quoted"" word"',
        });
      } else {
        this.at = At.Plain;
      }
    }
  }

  end(): CsvShape {
    if (this.at === At.Quoted) {
      throw this.error(this.quoteLine, "a quoted cell starts here and never ends", {
        hint: "close the quote, or write a quote inside a quoted cell twice",
      });
    }
    if (this.afterReturn) this.checkLineEnd("\\r", this.line - 1);
    this.endRecord();
    return this.shape;
  }

  private endRecord(): void {
    if (this.length > 0) {
      if (this.shape.nRecords === 0) {
        this.shape.nColumns = this.nCells;
        this.headerLine = this.recordLine;
      }
      this.checkCells();
      this.shape.nRecords++;
      this.shape.longest = Math.max(this.shape.longest, this.length);
    }
    this.at = At.Start;
    this.nCells = 1;
    this.length = 0;
    this.recordLine = ++this.line;
  }

  private checkCells(): void {
    const { nCells, headerLine, recordLine } = this;
    const { nColumns } = this.shape;
    if (nCells === nColumns) return;
    throw new HarmonicError(
      "E_INPUT",
      `${this.path}: line ${recordLine} has ${nCells} ${nCells === 1 ? "cell" : "cells"} but the header ` +
        `(line ${headerLine}) has ${nColumns} ${nColumns === 1 ? "column" : "columns"}`,
      {
        hint: "give every row one cell for each column, and put cells that hold the delimiter in double quotes",
      },
    );
  }

  /** DuckDB reads \n and \r\n in one file, but loses characters where a lone \r joins them. */
  private checkLineEnd(lineEnd: "\\r" | "\\n", line: number): void {
    this.lineEnd ??= lineEnd;
    if (this.lineEnd === lineEnd) return;
    throw this.error(line, `this line ends in ${lineEnd} but those before it in ${this.lineEnd}`, {
      hint: "end every line with \\n, and put a cell that holds \\r in double quotes",
    });
  }

  private error(line: number, message: string, options: { hint: string }): HarmonicError {
    return new HarmonicError("E_INPUT", `${this.path}: line ${line}: ${message}`, options);
  }
}

const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;

/** The delimiter of a header line: the most frequent candidate outside quotes, a comma where there is none. */
export function detectDelimiter(text: string): string {
  const counts = new Map<string, number>([
    [",", 0],
    [";", 0],
    ["\t", 0],
    ["|", 0],
  ]);
  let quoted = false;
  for (const c of text.replace(/^[\r\n]+/, "")) {
    if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "\n" || c === "\r")) break;
    else if (!quoted && counts.has(c)) counts.set(c, counts.get(c)! + 1);
  }
  let best = ",";
  for (const [c, count] of counts) if (count > counts.get(best)!) best = c;
  return best;
}
