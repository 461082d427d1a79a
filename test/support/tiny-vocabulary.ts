import type { MetadataValue } from "./gguf-writer";

/** Whole-word tokens of the tiny tokenizers, beside single characters and bytes. */
const WORDS = [
  ..."yes no male female low medium high red blue green positive negative Table Columns true false".split(
    " ",
  ),
  ..." the a row and of: is".split(/(?= )/),
  ", ",
  '": "',
  '", "',
];

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const BYTE = 6;

/** Metadata of a GPT-2-style BPE tokenizer: 3 control tokens, the 256 bytes, then merges that make WORDS. */
export function bpeVocabulary(preTokenizer: string): Record<string, MetadataValue> {
  const tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", ...BYTE_CHARACTERS];
  const known = new Set(tokens);
  const merges: string[] = [];
  for (const word of WORDS) {
    const symbols = [...Buffer.from(word, "utf8")].map((byte) => BYTE_CHARACTERS[byte]!);
    let left = symbols[0]!;
    for (const right of symbols.slice(1)) {
      if (!known.has(left + right)) {
        merges.push(`${left} ${right}`);
        tokens.push(left + right);
        known.add(left + right);
      }
      left += right;
    }
  }
  return {
    "tokenizer.ggml.model": { type: "string", value: "gpt2" },
    "tokenizer.ggml.pre": { type: "string", value: preTokenizer },
    "tokenizer.ggml.tokens": { type: "strings", value: tokens },
    "tokenizer.ggml.token_type": { type: "i32s", value: tokens.map((_, i) => (i < 3 ? CONTROL : NORMAL)) },
    "tokenizer.ggml.merges": { type: "strings", value: merges },
    "tokenizer.ggml.bos_token_id": { type: "u32", value: 1 },
    "tokenizer.ggml.eos_token_id": { type: "u32", value: 2 },
    "tokenizer.ggml.add_bos_token": { type: "bool", value: false },
  };
}

/** Metadata of a SentencePiece tokenizer: unknown, BOS, EOS, the 256 bytes, printable ASCII, prefixes of WORDS. */
export function spmVocabulary(): Record<string, MetadataValue> {
  const tokens = ["<unk>", "<s>", "</s>"];
  const types = [UNKNOWN, CONTROL, CONTROL];
  const scores = [0, 0, 0];
  const add = (token: string, type: number): void => {
    if (tokens.includes(token)) return;
    // Earlier pieces score higher, so they merge first.
    scores.push(type === BYTE ? 0 : -tokens.length);
    tokens.push(token);
    types.push(type);
  };
  for (let byte = 0; byte < 256; byte++) add(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`, BYTE);
  add("▁", NORMAL);
  for (let code = 33; code < 127; code++) add(String.fromCharCode(code), NORMAL);
  for (const word of WORDS) {
    const piece = word.replaceAll(" ", "▁");
    for (let length = 2; length <= piece.length; length++) add(piece.slice(0, length), NORMAL);
    for (let length = 2; length <= piece.length; length++) add("▁" + piece.slice(0, length), NORMAL);
  }
  return {
    "tokenizer.ggml.model": { type: "string", value: "llama" },
    "tokenizer.ggml.tokens": { type: "strings", value: tokens },
    "tokenizer.ggml.token_type": { type: "i32s", value: types },
    "tokenizer.ggml.scores": { type: "f32s", value: scores },
    "tokenizer.ggml.bos_token_id": { type: "u32", value: 1 },
    "tokenizer.ggml.eos_token_id": { type: "u32", value: 2 },
    "tokenizer.ggml.unknown_token_id": { type: "u32", value: 0 },
    "tokenizer.ggml.add_bos_token": { type: "bool", value: true },
  };
}

/** GPT-2's printable stand-in for each byte. https://github.com/openai/gpt-2/blob/master/src/encoder.py */
const BYTE_CHARACTERS = byteCharacters();

function byteCharacters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(printable ? byte : next++);
  });
}
