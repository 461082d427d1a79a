import type { StandIns } from "../instruct/stand-ins";

/** What the pieces of a text are made with: a Tokenizer. */
export interface PieceTokenizer {
  encodeAll(texts: readonly string[]): (readonly number[])[];
  encodeOnce(text: string): readonly number[];
  decode(ids: Int32Array): string;
}

const UNREADABLE = "\ufffd";

/**
 * The token ids that a column of free text is written with: those of its own texts, each tokenised whole, and those of
 * its characters alone. A text with other ids is tokenised character by character, so that every text of these
 * characters can be written, and each always in the same way.
 */
export class TextPieces {
  /** for each id the number of characters that begin in its bytes: 0 where it goes on with one */
  readonly charactersBegun = new Map<number, number>();
  private readonly wholeLengths = new Map<number, number | undefined>();

  /** `texts`, `characters`: as the table has them */
  constructor(
    private readonly tokenizer: PieceTokenizer,
    private readonly standIns: StandIns,
    texts: readonly string[],
    characters: Iterable<string>,
  ) {
    for (const ids of tokenizer.encodeAll([...texts, ...characters].map((text) => standIns.toRow(text)))) {
      this.learn(ids);
    }
  }

  /** Ids of a text of the table. */
  encode(text: string): readonly number[] {
    const row = this.standIns.toRow(text);
    const whole = this.tokenizer.encodeOnce(row);
    if (whole.every((id) => this.charactersBegun.has(id))) return whole;
    return Array.from(row).flatMap((character) => [...this.tokenizer.encodeOnce(character)]);
  }

  /** The text of the table that a row's text stands for. */
  toTable(text: string): string {
    return this.standIns.toTable(text);
  }

  private learn(ids: readonly number[]): void {
    // Ids that hold a part of a character read as text only together with those beside them.
    let parts: number[] = [];
    let begun = 0;
    for (const id of ids) {
      const whole = this.wholeLength(id);
      if (whole !== undefined) {
        this.charactersBegun.set(id, whole);
        parts = [];
        begun = 0;
        continue;
      }
      parts.push(id);
      const soFar = lengthOf(this.tokenizer.decode(Int32Array.from(parts)));
      this.charactersBegun.set(id, soFar - begun);
      begun = soFar;
    }
  }

  /** Characters of an id that holds whole ones alone. */
  private wholeLength(id: number): number | undefined {
    if (!this.wholeLengths.has(id)) {
      const text = this.tokenizer.decode(Int32Array.of(id));
      this.wholeLengths.set(id, text.includes(UNREADABLE) ? undefined : lengthOf(text));
    }
    return this.wholeLengths.get(id);
  }
}

/** Length in code points; a character that is cut off counts as one. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
