import { Node } from "../sample/graph";
import type { CellPlace, ColumnCells } from "./column-cells";
import type { PlanOf } from "./plan";

/** One token a category. */
export class CategoryCells implements ColumnCells {
  readonly nTokens: number;
  readonly scales = [];
  readonly known: readonly number[];
  private readonly codes: (number | undefined)[];
  private readonly tokenOf = new Map<number, readonly number[]>();

  /** `categories`: the schema's, which a value may be gone from */
  constructor({ values }: PlanOf<"categories">, categories: readonly string[]) {
    this.nTokens = values.length;
    const codeOf = new Map(categories.map((value, code) => [value, code]));
    this.codes = values.map((value) => codeOf.get(value));
    this.codes.forEach((code, token) => {
      if (code !== undefined) this.tokenOf.set(code, [token]);
    });
    this.known = [...this.tokenOf.keys()];
  }

  states({ first, column, to }: CellPlace): Node {
    const root = new Node();
    this.codes.forEach((code, token) => {
      if (code !== undefined) root.edges.set(first + token, { to, column, action: code });
    });
    return root;
  }

  encode(code: number): readonly number[] | undefined {
    return this.tokenOf.get(code);
  }

  encodeNear(): undefined {
    return undefined;
  }
}
