import { didYouMean } from "../table/names";
import type { Comparison, Condition, ParsedRule, Value } from "./expression";
import { syntaxError, tokenize, type Token } from "./lexer";

/**
 * A condition over columns, such as `age > 40 and income in ('<=50K', '>50K')`: comparisons, `in (...)`,
 * `between a and b`, `is [not] null`, `and`, `or`, `not`, brackets, and + - * / of numbers.
 * @throws E_USAGE with the position, what was expected there, and the nearest column's name
 */
export function parseCondition(source: string, names: readonly string[]): Condition {
  return new Parser(source, names).whole((parser) => parser.condition());
}

/**
 * A rule: a condition, or `state follows city` (`a, b follow c, d`), `city -> state`, `unique(first, last)`.
 * @throws E_USAGE as parseCondition
 */
export function parseRule(source: string, names: readonly string[]): ParsedRule {
  return new Parser(source, names).whole((parser) => parser.rule());
}

class Parser {
  private readonly tokens: Token[];
  private place = 0;

  constructor(
    private readonly source: string,
    private readonly names: readonly string[],
  ) {
    this.tokens = tokenize(source, names);
  }

  whole<T>(part: (parser: Parser) => T): T {
    const result = part(this);
    if (this.now.kind !== "end") throw this.expected("an operator or the end");
    return result;
  }

  rule(): ParsedRule {
    if (this.word("unique")) {
      this.symbol("(", true);
      const columns = this.columnList();
      this.symbol(")", true);
      return { kind: "unique", columns };
    }
    if (this.now.kind === "name" && this.listsColumns()) {
      const columns = this.columnList();
      if (!this.word("follows") && !this.word("follow") && !this.symbol("->")) {
        throw this.expected('"follows"');
      }
      const all = [...columns, ...this.columnList()];
      const twice = all.find((column, i) => all.indexOf(column) !== i);
      if (twice !== undefined)
        throw syntaxError(this.source, 0, `column "${this.names[twice]}" stands twice`);
      return { kind: "follows", columns: all };
    }
    return { kind: "condition", condition: this.condition() };
  }

  condition(): Condition {
    let left = this.conjunction();
    for (let at = this.now.at; this.word("or"); at = this.now.at) {
      left = { kind: "or", at, left, right: this.conjunction() };
    }
    return left;
  }

  private conjunction(): Condition {
    let left = this.negation();
    for (let at = this.now.at; this.word("and"); at = this.now.at) {
      left = { kind: "and", at, left, right: this.negation() };
    }
    return left;
  }

  private negation(): Condition {
    const { at } = this.now;
    return this.word("not") ? { kind: "not", at, inner: this.negation() } : this.comparison();
  }

  private comparison(): Condition {
    const start = this.place;
    if (this.now.text === "(" && this.now.kind === "symbol" && this.bracketsCondition()) {
      this.place++;
      const inner = this.condition();
      this.symbol(")", true);
      return inner;
    }
    this.place = start;
    const left = this.sum();
    const { at } = this.now;
    for (const op of ["<=", ">=", "<>", "!=", "==", "<", ">", "="]) {
      if (!this.symbol(op)) continue;
      const plain = op === "<>" ? "!=" : op === "==" ? "=" : (op as Comparison);
      return { kind: "compare", at, op: plain, left, right: this.sum() };
    }
    if (this.word("is")) {
      const negated = this.word("not");
      if (!this.word("null")) throw this.expected('"null"');
      return negation({ kind: "null", at, value: left }, negated);
    }
    const negated = this.word("not");
    if (this.word("in")) {
      this.symbol("(", true);
      const items = [this.sum()];
      while (this.symbol(",")) items.push(this.sum());
      this.symbol(")", true);
      return negation({ kind: "in", at, value: left, items }, negated);
    }
    if (this.word("between")) {
      const low = this.sum();
      if (!this.word("and")) throw this.expected('"and"');
      const high = this.sum();
      const from: Condition = { kind: "compare", at, op: ">=", left, right: low };
      const to: Condition = { kind: "compare", at, op: "<=", left, right: high };
      return negation({ kind: "and", at, left: from, right: to }, negated);
    }
    throw this.expected("a comparison (=, !=, <, <=, >, >=, in, between, is null)");
  }

  /** Whether the bracket here holds a condition, not a value: what follows its end tells. */
  private bracketsCondition(): boolean {
    let depth = 0;
    for (let i = this.place; i < this.tokens.length; i++) {
      const { kind, text } = this.tokens[i]!;
      if (kind === "symbol" && text === "(") depth++;
      else if (kind === "symbol" && text === ")" && --depth === 0) {
        return this.tokens.slice(this.place, i).some(isConditional);
      }
    }
    return true;
  }

  private sum(): Value {
    let left = this.product();
    for (;;) {
      const { at } = this.now;
      const op = this.symbol("+") ? "+" : this.symbol("-") ? "-" : undefined;
      if (!op) return left;
      left = { kind: "arithmetic", at, op, left, right: this.product() };
    }
  }

  private product(): Value {
    let left = this.operand();
    for (;;) {
      const { at } = this.now;
      const op = this.symbol("*") ? "*" : this.symbol("/") ? "/" : undefined;
      if (!op) return left;
      left = { kind: "arithmetic", at, op, left, right: this.operand() };
    }
  }

  private operand(): Value {
    const { kind, text, at } = this.now;
    if (this.symbol("(")) {
      const inner = this.sum();
      this.symbol(")", true);
      return inner;
    }
    if (this.symbol("-")) {
      const inner = this.operand();
      if (inner.kind === "number") return { ...inner, at, value: -inner.value, text: `-${inner.text}` };
      const zero: Value = { kind: "number", at, value: 0, text: "0" };
      return { kind: "arithmetic", at, op: "-", left: zero, right: inner };
    }
    if (kind === "name") return { kind: "column", at, column: this.column() };
    if (kind === "word" && /^(true|false)$/i.test(text)) {
      this.place++;
      return { kind: "string", at, value: text };
    }
    if (kind !== "number" && kind !== "string" && kind !== "date") {
      throw this.expected("a column, a number or a text");
    }
    this.place++;
    return kind === "number" ? { kind, at, value: Number(text), text } : { kind, at, value: text };
  }

  private columnList(): number[] {
    const columns = [this.column()];
    while (this.symbol(",")) columns.push(this.column());
    return columns;
  }

  /** Whether only columns and commas stand before "follows" or an arrow. */
  private listsColumns(): boolean {
    let i = this.place;
    while (this.tokens[i]!.kind === "name" || this.tokens[i]!.text === ",") i++;
    const { kind, text } = this.tokens[i]!;
    return (kind === "word" && /^follows?$/i.test(text)) || (kind === "symbol" && text === "->");
  }

  private column(): number {
    const { kind, text, at } = this.now;
    if (kind !== "name") throw this.expected("a column");
    const column = this.names.indexOf(text);
    if (column < 0) {
      throw syntaxError(
        this.source,
        at,
        `there is no column "${text}"${didYouMean(text, this.names)}; expected one of ${this.names.join(", ")}`,
      );
    }
    this.place++;
    return column;
  }

  private get now(): Token {
    return this.tokens[this.place]!;
  }

  private word(word: string): boolean {
    const here = this.now.kind === "word" && this.now.text.toLowerCase() === word;
    if (here) this.place++;
    return here;
  }

  private symbol(symbol: string, needed = false): boolean {
    const here = this.now.kind === "symbol" && this.now.text === symbol;
    if (here) this.place++;
    else if (needed) throw this.expected(`"${symbol}"`);
    return here;
  }

  private expected(what: string) {
    const { kind, text, at } = this.now;
    const found = kind === "end" ? "the end" : JSON.stringify(text);
    return syntaxError(this.source, at, `expected ${what} but found ${found}`);
  }
}

function negation(condition: Condition, negated: boolean): Condition {
  return negated ? { kind: "not", at: condition.at, inner: condition } : condition;
}

function isConditional({ kind, text }: Token): boolean {
  return kind === "symbol"
    ? /^(<=|>=|<>|!=|==|<|>|=)$/.test(text)
    : kind === "word" && /^(and|or|not|is|in|between)$/i.test(text);
}
