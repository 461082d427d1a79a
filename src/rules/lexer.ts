import { HarmonicError } from "../errors";

export interface Token {
  /** name: a column; word: a key word or an unknown name; symbol: an operator or a bracket */
  kind: "name" | "word" | "number" | "string" | "date" | "symbol" | "end";
  /** without quotes */
  text: string;
  /** where it begins in the source, from 0 */
  at: number;
}

const KEYWORDS = /^(and|or|not|in|between|is|null|follows?|unique|true|false)$/i;
const DATE = /\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?(?![\w-])/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const SYMBOL = /<=|>=|<>|!=|==|->|[<>=+\-*/(),]/y;

/**
 * The tokens of an expression over columns. 'single quotes' hold a text, "double quotes" and `backquotes` a column's
 * name; a quote inside is written twice. A name with other characters than letters needs no quotes where it is a column.
 * @throws E_USAGE with the position
 */
export function tokenize(source: string, names: readonly string[]): Token[] {
  const byLength = [...names].sort((a, b) => b.length - a.length);
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  for (;;) {
    at += match(/\s*/y)!.length;
    if (at === source.length) break;
    const quote = source[at]!;
    if (quote === "'" || quote === '"' || quote === "`") {
      const end = closing(source, at);
      const text = source.slice(at + 1, end).replaceAll(quote + quote, quote);
      tokens.push({ kind: quote === "'" ? "string" : "name", text, at });
      at = end + 1;
      continue;
    }
    const column = byLength.find((name) => source.startsWith(name, at) && endsAt(name, source, at));
    const found: [Token["kind"], string | undefined][] = [
      ["name", column !== undefined && !KEYWORDS.test(column) ? column : undefined],
      ["date", match(DATE)],
      ["number", match(NUMBER)],
      ["word", match(WORD)],
      ["symbol", match(SYMBOL)],
    ];
    const [kind, text] = found.find(([, matched]) => matched !== undefined) ?? [];
    if (kind === undefined || text === undefined) {
      throw syntaxError(source, at, `unexpected ${JSON.stringify(source[at])}`);
    }
    tokens.push({ kind: kind === "word" && !KEYWORDS.test(text) ? "name" : kind, text, at });
    at += text.length;
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

/** The error of an expression at a position, with the expression and a mark under it. */
export function syntaxError(source: string, at: number, message: string): HarmonicError {
  return new HarmonicError("E_USAGE", `${message} at character ${at + 1} of: ${source}`, {
    hint: `texts stand in 'single quotes', names with spaces in "double quotes"`,
  });
}

function closing(source: string, at: number): number {
  const quote = source[at]!;
  for (let end = at + 1; end < source.length; end++) {
    if (source[end] !== quote) continue;
    if (source[end + 1] !== quote) return end;
    end++;
  }
  throw syntaxError(source, at, `the quote ${quote} is not closed`);
}

/** Whether a name that begins at `at` is not the beginning of a longer word, and no number. */
function endsAt(name: string, source: string, at: number): boolean {
  const wordLike = /[\p{L}\p{N}_]/u;
  if (/^[\d.\s]/.test(name)) return false;
  return !(wordLike.test(name.at(-1)!) && wordLike.test(source[at + name.length] ?? " "));
}
