import { HarmonicError } from "../errors";
import { standInsOf } from "../instruct/cell";
import { compactWith, DELIMITERS } from "../instruct/compact";
import type { FormatName, RowFormat } from "../instruct/format";
import { rowFormat } from "../instruct/formats";
import { TextPieces } from "../model/text-pieces";
import { Tokenizer, type TokenizingModel } from "../model/tokenizer";
import type { Column } from "../table/columns";
import { isTextField, type TableSchema, type TextField } from "../table/schema";
import { TextLanguage } from "./text-language";

/**
 * How a base model writes a table: the format with a delimiter that the tokenizer keeps whole, and the tokenizer with
 * the pieces of the texts of `columns`, the rows trained on. The same in training and sampling.
 * @throws E_MODEL where the tokenizer cannot tell rows or cells apart, or cannot write a text
 */
export function tableTokenizer(
  model: TokenizingModel,
  name: FormatName,
  schema: TableSchema,
  columns: readonly Column[],
): TextLanguage {
  const tokenizer = new Tokenizer(model);
  const format = name === "compact" ? compactFor(tokenizer) : rowFormat(name);
  for (const field of schema.fields) {
    if (!isTextField(field)) continue;
    const column = columns.find((one) => one.name === field.name);
    const texts = column?.kind === "text" ? column.values.filter((text) => text !== null) : [];
    tokenizer.setPieces(field.name, piecesFor(field, format, tokenizer, [...new Set(texts)]));
  }
  return new TextLanguage(format, tokenizer);
}

/** @throws E_MODEL */
function compactFor(tokenizer: Tokenizer): RowFormat {
  const delimiter = DELIMITERS.find((candidate) => tokenizer.keeps(candidate));
  if (delimiter !== undefined && tokenizer.keeps("\n")) return compactWith(delimiter);
  const what =
    delimiter === undefined
      ? `none of ${DELIMITERS.map((one) => JSON.stringify(one)).join(", ")}`
      : "no line end";
  throw new HarmonicError(
    "E_MODEL",
    `the base model has a token of its own for ${what}: it cannot write compact rows`,
    {
      hint: "use --format dict or text, or another base model",
    },
  );
}

function piecesFor(field: TextField, format: RowFormat, tokenizer: Tokenizer, texts: string[]): TextPieces {
  const characters = new Set(field.characters);
  for (const text of texts) for (const character of text) characters.add(character);
  const unwritable = [...characters].filter((character) => !isWritten(tokenizer, character));
  const used = { ...field, characters: [...characters].join("") };
  const standIns = standInsOf(used, format, unwritable);
  for (const character of [...characters].map((one) => standIns.toRow(one))) {
    if (isWritten(tokenizer, character)) continue;
    throw new HarmonicError(
      "E_MODEL",
      `column "${field.name}": the base model has no token for ${JSON.stringify(character)}`,
      {
        hint: "choose a base model whose tokenizer falls back to bytes",
      },
    );
  }
  const pieces = new TextPieces(tokenizer, standIns, texts, characters);
  const lost = texts.find((text) => !isWritten(tokenizer, standIns.toRow(text)));
  if (lost === undefined) return pieces;
  throw new HarmonicError(
    "E_MODEL",
    `column "${field.name}": the base model's tokenizer changes the text ${JSON.stringify(lost.slice(0, 60))}`,
    { hint: "choose another base model, or leave the column out" },
  );
}

/** Whether a text comes back from its ids. */
function isWritten(tokenizer: Tokenizer, text: string): boolean {
  const ids = tokenizer.encodeOnce(text);
  return ids.length > 0 && tokenizer.decode(Int32Array.from(ids)) === text;
}
