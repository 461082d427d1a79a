import { HarmonicError } from "../errors";
import type { ModelHandle } from "../native/addon";
import type { TextPieces } from "./text-pieces";

/** What the tokenizer needs of a model: any ModelHandle, also one with the vocabulary alone. */
export type TokenizingModel = Pick<ModelHandle, "tokenize" | "detokenize">;

/**
 * Token ids of pieces of text, each tokenised on its own and kept. All text of a table is segmented by this class:
 * literals and categories whole, numbers character by character, texts as their column's TextPieces say; the ids of the
 * pieces are then joined.
 */
export class Tokenizer {
  private readonly known = new Map<string, readonly number[]>();
  private readonly pieces = new Map<string, TextPieces>();

  constructor(private readonly model: TokenizingModel) {}

  /** Ids of one piece; empty for "". */
  encode(text: string): readonly number[] {
    return this.known.get(text) ?? this.encodeAll([text])[0]!;
  }

  /** Ids of many pieces, in one call for those not seen before. */
  encodeAll(texts: readonly string[]): (readonly number[])[] {
    const fresh = [...new Set(texts)].filter((text) => !this.known.has(text));
    if (fresh.length > 0) {
      const { ids, offsets } = this.model.tokenize(fresh);
      const all = new Int32Array(ids);
      const starts = new Int32Array(offsets);
      fresh.forEach((text, i) => {
        const piece = Array.from(all.subarray(starts[i], starts[i + 1]));
        if (piece.length === 0 && text !== "") throw untokenizable(text);
        this.known.set(text, piece);
      });
    }
    return texts.map((text) => this.known.get(text)!);
  }

  /** Ids of a text that will hardly be asked for again: they are not kept. */
  encodeOnce(text: string): readonly number[] {
    return this.known.get(text) ?? Array.from(new Int32Array(this.model.tokenize([text]).ids));
  }

  /** Ids of a number's text, one character after another: mostly one id each, else the bytes' ids. */
  encodeCharacters(text: string): number[] {
    return Array.from(text).flatMap((character) => [...this.encode(character)]);
  }

  /** Sets what the free text of a column is written with. */
  setPieces(column: string, pieces: TextPieces): void {
    this.pieces.set(column, pieces);
  }

  /** What the free text of a column is written with. */
  piecesOf(column: string): TextPieces {
    const pieces = this.pieces.get(column);
    if (pieces) return pieces;
    throw new HarmonicError("E_USAGE", `the tokenizer does not know the texts of column "${column}"`, {
      hint: "make it by tableTokenizer, from the rows trained on",
    });
  }

  /** Whether a text is one id, which reads as that text. */
  keeps(text: string): boolean {
    const ids = this.encodeOnce(text);
    return ids.length === 1 && this.decode(Int32Array.from(ids)) === text;
  }

  /** The text of ids. */
  decode(ids: Int32Array): string {
    return this.model.detokenize(ids);
  }
}

function untokenizable(text: string): HarmonicError {
  return new HarmonicError("E_MODEL", `the base model has no token for ${JSON.stringify(text)}`, {
    hint: "choose a base model whose tokenizer falls back to bytes",
  });
}
