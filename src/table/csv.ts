import { HarmonicError } from "../errors";

/**
 * Splits CSV text (RFC 4180; line ends \n, \r\n or \r) into records. Why not DuckDB's reader: it drops the rest of
 * a file after an unterminated quote without a word, and counts records where a message should name lines.
 */
export class CsvParser {
  private state: "start" | "plain" | "quoted" | "closed" = "start";
  private cell = "";
  private record: string[] = [];
  /** a record that is one empty unquoted cell is a blank line */
  private sawQuote = false;
  private line = 1;
  private recordLine = 1;
  private quoteLine = 1;
  private afterReturn = false;

  /** `onRecord` gets the cells and the line that the record starts on. */
  constructor(
    private readonly path: string,
    private readonly delimiter: string,
    private readonly onRecord: (cells: string[], line: number) => void,
  ) {}

  write(text: string): void {
    const delimiter = this.delimiter.charCodeAt(0);
    let start = 0; // of the part of the cell that lies in this text
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (this.state === "quoted") {
        if (c === QUOTE) {
          this.cell += text.slice(start, i);
          this.state = "closed";
        } else if (c === NEWLINE) {
          this.line++;
        }
        continue;
      }
      if (this.afterReturn) {
        this.afterReturn = false;
        if (c === NEWLINE) {
          start = i + 1;
          continue;
        }
      }
      if (c === delimiter || c === NEWLINE || c === RETURN) {
        if (this.state === "plain") this.cell += text.slice(start, i);
        this.endCell();
        if (c !== delimiter) this.endRecord();
        this.afterReturn = c === RETURN;
        start = i + 1;
      } else if (c === QUOTE && this.state !== "plain") {
        if (this.state === "closed") this.cell += '"';
        else this.quoteLine = this.line;
        this.sawQuote = true;
        this.state = "quoted";
        start = i + 1;
      } else if (this.state === "start") {
        this.state = "plain";
        start = i;
      } else if (this.state === "closed") {
        throw new HarmonicError(
          "E_INPUT",
          `${this.path}: line ${this.line}: text follows the closing quote of a cell`,
          {
            hint: 'write a quote inside a quoted cell twice: "a ""quoted"" word"',
          },
        );
      }
    }
    if (this.state === "plain" || this.state === "quoted") this.cell += text.slice(start);
  }

  end(): void {
    if (this.state === "quoted") {
      throw new HarmonicError(
        "E_INPUT",
        `${this.path}: line ${this.quoteLine}: a quoted cell starts here and never ends`,
        {
          hint: "close the quote, or write a quote inside a quoted cell twice",
        },
      );
    }
    if (this.state === "start" && this.record.length === 0) return;
    this.endCell();
    this.endRecord();
  }

  private endCell(): void {
    this.record.push(this.cell);
    this.cell = "";
    this.state = "start";
  }

  private endRecord(): void {
    const blank = this.record.length === 1 && this.record[0] === "" && !this.sawQuote;
    if (!blank) this.onRecord(this.record, this.recordLine);
    this.record = [];
    this.sawQuote = false;
    this.recordLine = ++this.line;
  }
}

const QUOTE = 34;
const NEWLINE = 10;
const RETURN = 13;

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
