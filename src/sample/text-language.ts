import { HarmonicError } from "../errors";
import { modelPrompt } from "../instruct/chat";
import type { PromptOptions, RowFormat } from "../instruct/format";
import type { Tokenizer } from "../model/tokenizer";
import { type Domain, fullDomain } from "../rules/domain";
import type { Column } from "../table/columns";
import type { Field, TableSchema } from "../table/schema";
import { cellEncoder } from "./cells";
import { compileCell } from "./compile";
import type { Exit, Node } from "./graph";
import type { PromptTokens, RowLanguage } from "./language";

/** Rows as text of a format, in the tokens of a base model. */
export class TextLanguage implements RowLanguage {
  readonly unlearnt: ReadonlyMap<number, string> = new Map();

  constructor(
    readonly format: RowFormat,
    readonly tokenizer: Tokenizer,
  ) {}

  get targetFirst(): boolean {
    return this.format.targetFirst;
  }

  domain(field: Field): Domain {
    return fullDomain(field);
  }

  /** @throws E_USAGE where nothing tells the end of a cell */
  literals(schema: TableSchema): (readonly number[])[] {
    const literals = this.tokenizer.encodeAll(this.format.rowLiterals(schema));
    const open = schema.fields.find((_, f) => literals[f + 1]!.length === 0);
    if (open === undefined) return literals;
    throw new HarmonicError(
      "E_USAGE",
      `expected text behind column "${open.name}" in format ${this.format.name}`,
    );
  }

  compileCell(field: Field, exit: Exit, column: number): Node {
    return compileCell(field, this.format, this.tokenizer, exit, column);
  }

  cellEncoder(field: Field, column: Column): (i: number) => readonly number[] {
    return cellEncoder(field, this.format, this.tokenizer, column);
  }

  prompt(schema: TableSchema, options: PromptOptions): PromptTokens {
    const parts = modelPrompt(this.format, schema, options);
    const encode = (text: string): readonly number[] => this.tokenizer.encode(text);
    return {
      // There may be one for each order of the columns.
      head: this.tokenizer.encodeOnce(parts.head),
      before: parts.before.map(encode),
      after: parts.after.map(encode),
      cue: encode(parts.cue),
      tail: encode(parts.tail),
      endOfSequence: parts.endOfSequence,
    };
  }

  readText(field: Field, drawn: string): string {
    return this.tokenizer.piecesOf(field.name).toTable(drawn);
  }
}
