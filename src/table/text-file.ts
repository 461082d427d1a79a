import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { HarmonicError } from "../errors";

/** The bytes of a UTF-8 file in pieces of whole characters, without a byte-order mark. Errors name line and byte. */
export async function* utf8Pieces(path: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  let offset = 0; // of rest in the file
  let line = 1; // at offset
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const whole = bytes.subarray(0, lastBoundary(bytes));
    rest = Buffer.from(bytes.subarray(whole.length));
    checkText(path, whole, offset, line);
    yield offset === 0 && whole.subarray(0, 3).equals(BYTE_ORDER_MARK) ? whole.subarray(3) : whole;
    offset += whole.length;
    line += countNewlines(whole);
  }
  if (rest.length > 0) checkText(path, rest, offset, line);
}

const BYTE_ORDER_MARK = Buffer.from("\ufeff");

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
