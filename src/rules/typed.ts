import type { HarmonicError } from "../errors";
import { parseIso } from "../table/date-format";
import { didYouMean } from "../table/names";
import { type Field, isCategoryField, isDateField, isNumberField, type TableSchema } from "../table/schema";
import type { Condition, Value } from "./expression";
import { syntaxError } from "./lexer";

/** What can be compared with what. */
export type Kind = "number" | "date" | "text";

/** A condition whose values were found to fit together, in the terms of a schema. */
export class Typed {
  constructor(
    readonly source: string,
    readonly schema: TableSchema,
  ) {}

  /** @throws E_USAGE where values of different kinds are compared, or a column does not have a value */
  check(condition: Condition): void {
    switch (condition.kind) {
      case "and":
      case "or":
        this.check(condition.left);
        this.check(condition.right);
        return;
      case "not":
        return this.check(condition.inner);
      case "null":
        if (condition.value.kind === "column") return;
        throw this.error(condition.value.at, 'expected a column before "is null"');
      case "in":
        for (const item of condition.items) this.checkPair(condition.value, item);
        return;
      case "compare":
        this.checkPair(condition.left, condition.right);
        this.checkOrder(condition);
    }
  }

  fieldOf(value: Value): Field | undefined {
    return value.kind === "column" ? this.schema.fields[value.column] : undefined;
  }

  /** Numbers, also of a category whose values are all numbers; dates; texts. */
  kindOf(value: Value): Kind {
    if (value.kind === "number") return "number";
    if (value.kind === "string") return "text";
    if (value.kind === "date") return "date";
    if (value.kind === "arithmetic") {
      for (const side of [value.left, value.right]) {
        if (!this.isNumeric(side)) throw this.error(side.at, `expected numbers beside "${value.op}"`);
      }
      return "number";
    }
    const field = this.fieldOf(value)!;
    return isNumberField(field) ? "number" : isDateField(field) ? "date" : "text";
  }

  /** A number, or a category all of whose values are numbers. */
  isNumeric(value: Value): boolean {
    if (this.kindOf(value) === "number") return true;
    const field = this.fieldOf(value);
    return field !== undefined && isCategoryField(field) && isNumericEnum(field.constraints.enum);
  }

  error(at: number, message: string): HarmonicError {
    return syntaxError(this.source, at, message);
  }

  private checkPair(a: Value, b: Value): void {
    const [x, y] = [this.kindOf(a), this.kindOf(b)];
    if (a.kind === "column" && b.kind !== "column") this.checkConstant(a, b);
    else if (b.kind === "column" && a.kind !== "column") this.checkConstant(b, a);
    else if (x !== y && !(this.isNumeric(a) && this.isNumeric(b))) {
      throw this.error(b.at, `expected ${article(x)} to compare with ${article(x)}, not ${article(y)}`);
    }
  }

  private checkConstant(column: Value & { kind: "column" }, constant: Value): void {
    const field = this.fieldOf(column)!;
    if (isCategoryField(field)) {
      if (constant.kind === "arithmetic") {
        if (this.isNumeric(column)) return;
        throw this.error(constant.at, `expected a value of column "${field.name}"`);
      }
      const text = textOf(constant);
      const values = field.constraints.enum;
      if (text !== undefined && codeOf(field.constraints.enum, text) >= 0) return;
      if (constant.kind === "number" && isNumericEnum(values)) return;
      const some = values.slice(0, 8).map((value) => JSON.stringify(value));
      throw this.error(
        constant.at,
        `column "${field.name}" has no value ${JSON.stringify(text)}${didYouMean(text ?? "", values)}; expected one of ` +
          `${some.join(", ")}${values.length > 8 ? `, ... (${values.length} values)` : ""}`,
      );
    }
    if (isDateField(field)) {
      if ((constant.kind === "string" || constant.kind === "date") && dateOf(constant.value, field)) return;
      throw this.error(constant.at, `expected a date such as '2024-01-31' for column "${field.name}"`);
    }
    if (isNumberField(field)) {
      if (this.isNumeric(constant)) return;
      throw this.error(constant.at, `expected a number for column "${field.name}"`);
    }
    if (constant.kind === "string") return;
    throw this.error(constant.at, `expected a text in 'single quotes' for column "${field.name}"`);
  }

  /** Texts are equal or not; only numbers and dates are less or greater. */
  private checkOrder(condition: Condition & { kind: "compare" }): void {
    if (condition.op === "=" || condition.op === "!=") return;
    for (const side of [condition.left, condition.right]) {
      const kind = this.kindOf(side);
      const isDateText = side.kind === "string" && this.kindOf(other(condition, side)) === "date";
      if (kind === "text" && !this.isNumeric(side) && !isDateText) {
        throw this.error(side.at, `expected numbers or dates beside "${condition.op}", not texts`);
      }
    }
  }
}

/** A date's digits from ISO text, at the column's precision; undefined where it is none. */
export function dateOf(text: string, field: Field): number | undefined {
  const withTime = field.type === "datetime";
  const iso = text.trim().replace(" ", "T");
  if (!withTime) return parseIso(iso, false);
  const whole = /T\d{2}:\d{2}:\d{2}$/.test(iso)
    ? iso
    : /T\d{2}:\d{2}$/.test(iso)
      ? `${iso}:00`
      : `${iso}T00:00:00`;
  return parseIso(whole, true);
}

/** The code of a category's value; booleans are found in any case. */
export function codeOf(values: readonly string[], text: string): number {
  const code = values.indexOf(text);
  if (code >= 0 || !/^(true|false)$/i.test(text)) return code;
  return values.findIndex((value) => value.toLowerCase() === text.toLowerCase());
}

function isNumericEnum(values: readonly string[]): boolean {
  return values.length > 0 && values.every((value) => value.trim() !== "" && Number.isFinite(Number(value)));
}

export function textOf(value: Value): string | undefined {
  return value.kind === "number"
    ? value.text
    : value.kind === "string" || value.kind === "date"
      ? value.value
      : undefined;
}

const other = (condition: Condition & { kind: "compare" }, side: Value): Value =>
  side === condition.left ? condition.right : condition.left;

const article = (kind: Kind): string => `a ${kind}`;
