import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { HarmonicError } from "../errors";
import { CsvParser, detectDelimiter } from "./csv";
import { TextColumnBuilder, type TextColumn } from "./source";
import { checkNames } from "./names";

/** Reads a CSV or TSV file; a delimiter that is not given is found from the header. Errors name the line. */
export async function readCsv(path: string, delimiter?: string): Promise<TextColumn[]> {
  let builders: TextColumnBuilder[] | undefined;
  let headerLine = 1;
  let nRows = 0;
  const onRecord = (cells: string[], line: number): void => {
    if (!builders) {
      checkNames(path, cells);
      builders = cells.map((name) => new TextColumnBuilder(name));
      headerLine = line;
      return;
    }
    if (cells.length !== builders.length) {
      throw new HarmonicError(
        "E_INPUT",
        `${path}: line ${line} has ${cells.length} ${cells.length === 1 ? "cell" : "cells"} but the header ` +
          `(line ${headerLine}) has ${builders.length} ${builders.length === 1 ? "column" : "columns"}`,
        {
          hint: "give every row one cell for each column, and put cells that hold the delimiter in double quotes",
        },
      );
    }
    for (let i = 0; i < cells.length; i++) builders[i]!.push(cells[i]!);
    nRows++;
  };
  let parser: CsvParser | undefined;
  for await (const text of readUtf8(path)) {
    parser ??= new CsvParser(path, delimiter ?? detectDelimiter(text), onRecord);
    parser.write(text);
  }
  parser?.end();
  if (!builders) {
    throw new HarmonicError("E_INPUT", `${path} is empty: expected a header line and rows`, {
      hint: "check that the file was written completely",
    });
  }
  if (nRows === 0) {
    throw new HarmonicError("E_INPUT", `${path} has a header but no rows`, {
      hint: "the first line is read as column names; add at least one row below it",
    });
  }
  return builders.map((builder) => builder.finish());
}

/** The text of a file in pieces, without a byte-order mark; bytes that are not UTF-8 are an error. */
async function* readUtf8(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  let offset = 0; // of rest in the file
  let line = 1; // at offset
  let first = true;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const whole = bytes.subarray(0, lastBoundary(bytes));
    rest = Buffer.from(bytes.subarray(whole.length));
    checkText(path, whole, offset, line);
    offset += whole.length;
    line += countNewlines(whole);
    const text = whole.toString("utf8");
    yield first && text.startsWith("\ufeff") ? text.slice(1) : text;
    first = false;
  }
  if (rest.length > 0) checkText(path, rest, offset, line);
}

/** Length without a character that is cut off at the end. */
function lastBoundary(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}

function checkText(path: string, bytes: Buffer, offset: number, line: number): void {
  const zero = bytes.indexOf(0);
  if (zero < 0 && isUtf8(bytes)) return;
  let start = 0;
  for (;;) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const part = bytes.subarray(start, end);
    if (part.includes(0)) {
      throw new HarmonicError(
        "E_INPUT",
        `${path}: line ${line}: a zero byte, so this is no UTF-8 text file`,
        {
          hint: 'save the table as CSV in UTF-8 (a spreadsheet\'s "Unicode text" is UTF-16)',
        },
      );
    }
    if (!isUtf8(part)) {
      const at = offset + start + firstBad(part);
      throw new HarmonicError("E_INPUT", `${path}: line ${line}: byte ${at} of the file is not UTF-8`, {
        hint: "save the table in UTF-8, for example with: iconv -f latin1 -t utf-8",
      });
    }
    start = end + 1;
    line++;
  }
}

function firstBad(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    const width = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (at + width > bytes.length || !isUtf8(bytes.subarray(at, at + width))) return at;
    at += width;
  }
  return at;
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}
