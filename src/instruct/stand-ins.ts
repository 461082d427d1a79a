/**
 * Free text in a row: characters that would end its cell are written as other single characters that the column does
 * not use, so that a text has the same length in a row as in the table and every text of a row is the text of one cell.
 */
export class StandIns {
  private readonly written = new Map<string, string>();
  private readonly read = new Map<string, string>();
  /** of a text that reads like a missing cell */
  private readonly firstOfMissing: string = "";

  /**
   * @param reserved characters that may not stand in a row
   * @param used characters of the column
   * @param missing text of a missing cell, which no text may look like
   */
  constructor(
    reserved: Iterable<string>,
    used: ReadonlySet<string>,
    private readonly missing: string,
  ) {
    const taken = new Set([...used, ...reserved]);
    for (const character of reserved) {
      const standIn = freeStandIn(character, taken);
      taken.add(standIn);
      this.written.set(character, standIn);
      this.read.set(standIn, character);
    }
    const [first] = missing;
    if (first !== undefined) this.firstOfMissing = freeStandIn(first, taken);
  }

  toRow(text: string): string {
    if (text === this.missing) return this.firstOfMissing + text.slice(1);
    return replaced(text, this.written);
  }

  toTable(text: string): string {
    if (this.missing !== "" && text === this.firstOfMissing + this.missing.slice(1)) return this.missing;
    return replaced(text, this.read);
  }
}

function replaced(text: string, by: ReadonlyMap<string, string>): string {
  let result = "";
  for (const character of text) result += by.get(character) ?? character;
  return result;
}

const PRIVATE_USE = 0xe000;

/** What stands for a character, the most telling that is free: ␊ for a line end, ｜ for |, else of the private use area. */
function freeStandIn(character: string, taken: ReadonlySet<string>): string {
  const code = character.codePointAt(0)!;
  const alike = code < 0x20 ? 0x2400 + code : code > 0x20 && code < 0x7f ? code + 0xfee0 : PRIVATE_USE;
  for (let next = alike; ; next = next < PRIVATE_USE || next >= 0xf900 ? PRIVATE_USE : next + 1) {
    const standIn = String.fromCodePoint(next);
    if (!taken.has(standIn)) return standIn;
  }
}
