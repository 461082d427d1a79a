import { HarmonicError } from "../errors";
import { cellValue } from "../rules/cells";
import { type Domain, domainOf, fullDomain, intersect } from "../rules/domain";
import { ACTION_MISSING, ACTION_NONE, ACTION_VALUE, type Exit, type Node } from "../sample/graph";
import type { PromptTokens, RowLanguage } from "../sample/language";
import type { Step } from "../sample/row-cells";
import { unfit } from "../sample/unfit";
import type { Column } from "../table/columns";
import { type Field, isCategoryField, isIdentifierField, type TableSchema } from "../table/schema";
import { firstIssue } from "../table/schema-issue";
import { type ColumnCells, columnCells, type Scale } from "./column-cells";
import { freeText } from "./free-text";
import { cellPlan, type CellPlan, type ColumnPlan } from "./plan";
import { type CellOptions, checkSize, planCells } from "./plan-cells";

/** The token that every row begins behind. */
const BOS = 0;

/** One column in the vocabulary. */
interface Place {
  plan: ColumnPlan;
  cells: ColumnCells;
  first: number;
  /** its tokens for a missing cell and for one of the others; undefined: there is none */
  missing: number | undefined;
  rare: number | undefined;
}

/**
 * Rows as cells of which each column has tokens of its own: nothing between them, and before them the token 0 alone, in
 * any order of the columns. The vocabulary depends on the schema and the rows that it was made from; what a token means
 * stays the same whatever becomes of the schema.
 */
export class CellLanguage implements RowLanguage {
  readonly targetFirst = true;
  readonly unlearnt: ReadonlyMap<number, string>;
  /** number of tokens */
  readonly size: number;
  private readonly places = new Map<string, Place>();

  private constructor(
    schema: TableSchema,
    private readonly plan: CellPlan,
  ) {
    const fields = new Map(schema.fields.map((field) => [field.name, field]));
    let size = BOS + 1;
    for (const column of plan.columns) {
      const cells = columnCells(column, fields.get(column.name)!);
      const first = size;
      size += cells.nTokens;
      const missing = column.missing ? size++ : undefined;
      const rare = column.kind === "categories" && column.rare ? size++ : undefined;
      this.places.set(column.name, { plan: column, cells, first, missing, rare });
    }
    checkSize(size, schema.fields);
    this.size = size;
    this.unlearnt = new Map(
      [...this.places].flatMap(([name, { rare }]) => (rare === undefined ? [] : [[rare, name]])),
    );
  }

  /**
   * The language of a table's rows.
   * @param columns the rows trained on
   * @throws E_USAGE for free text, E_INPUT where a column's values are too many, or all too rare
   */
  static build(schema: TableSchema, columns: readonly Column[], options: CellOptions = {}): CellLanguage {
    return new CellLanguage(schema, planCells(schema, columns, options));
  }

  /** The language that `toJson` gave. @throws E_RUN where that does not fit the schema */
  static fromJson(schema: TableSchema, json: unknown): CellLanguage {
    const parsed = cellPlan.safeParse(json);
    const bad = (message: string): HarmonicError =>
      new HarmonicError("E_RUN", `the table model's \`cells\`: ${message}`, {
        hint: "put the schema.json of the model back, or train again",
      });
    if (!parsed.success) throw bad(firstIssue(parsed.error.issues, json));
    const plan = parsed.data;
    const names = new Set(plan.columns.map(({ name }) => name));
    const fields = schema.fields.filter((field) => !isIdentifierField(field));
    const strange = plan.columns.find((column) => {
      const field = fields.find(({ name }) => name === column.name);
      return field === undefined || (column.kind === "categories") !== isCategoryField(field);
    });
    const without = fields.find(({ name }) => !names.has(name));
    if (strange) throw bad(`column "${strange.name}" is not one of the schema, or of another type there`);
    if (without) throw bad(`column "${without.name}" of the schema has none`);
    return new CellLanguage(schema, plan);
  }

  toJson(): CellPlan {
    return this.plan;
  }

  /** The columns in the order of the vocabulary, with what their tokens stand for in order. */
  get scales(): { column: string; first: number; scale: Scale }[] {
    return [...this.places].flatMap(([column, { cells, first }]) =>
      cells.scales.map((scale) => ({ column, first: first + scale.first, scale })),
    );
  }

  literals(schema: TableSchema): (readonly number[])[] {
    return [...schema.fields.map(() => []), []];
  }

  prompt(): PromptTokens {
    return { head: [], before: [], after: [], cue: [BOS], tail: [], endOfSequence: false };
  }

  domain(field: Field): Domain {
    const { cells, missing } = this.placeOf(field);
    const all = fullDomain(field);
    const known = cells.known ? intersect(all, domainOf(cells.known)) : all;
    return { ranges: known.ranges, missing: all.missing && missing !== undefined };
  }

  compileCell(field: Field, { to }: Exit, column: number): Node {
    const { cells, first, missing } = this.placeOf(field);
    const root = cells.states({ field, first, column, to });
    if (missing !== undefined && !field.constraints.required) {
      root.edges.set(missing, { to, column, action: ACTION_MISSING });
    }
    if (root.edges.size > 0) return root;
    throw new HarmonicError(
      "E_INPUT",
      `column "${field.name}": the schema allows none of the values that the table model has learnt`,
      { hint: "widen the column in the schema, or train again" },
    );
  }

  cellEncoder(field: Field, column: Column): (i: number) => readonly number[] {
    const place = this.placeOf(field);
    const { cells, first } = place;
    const missing = place.missing === undefined ? undefined : [place.missing];
    const rare = place.rare === undefined ? undefined : [place.rare];
    const known = new Map<number, readonly number[] | undefined>();
    const tokensOf = (value: number): readonly number[] | undefined => {
      if (!known.has(value))
        known.set(
          value,
          cells.encode(value)?.map((token) => first + token),
        );
      return known.get(value);
    };
    const valueOf = valuesAs(field, column);
    return (i) => {
      const value = valueOf(i);
      const tokens = value === undefined ? missing : (tokensOf(value) ?? rare);
      if (tokens === undefined) throw unfit(column, i);
      return tokens;
    };
  }

  givenCells(field: Field, column: Column, index: number): (i: number) => readonly Step[] {
    const { cells, first, rare } = this.placeOf(field);
    const valueOf = valuesAs(field, column);
    // Behind the tokens stands the value itself, by a token of its own that the model does not see.
    const silent = new Map<number, number>();
    const own = (value: number): number => {
      let token = silent.get(value);
      if (token === undefined) silent.set(value, (token = -1 - silent.size));
      return token;
    };
    const isCategory = isCategoryField(field);
    return (i) => {
      const value = valueOf(i);
      const tokens =
        value === undefined
          ? undefined
          : (cells.encode(value) ?? cells.encodeNear(value))?.map((t) => first + t);
      const seen = tokens ?? (rare === undefined ? undefined : [rare]);
      if (value === undefined || seen === undefined) throw unfit(column, i);
      if (isCategory && tokens) return [{ token: tokens[0]!, column: index, action: value }];
      return [
        ...seen.map((token) => ({ token, column: index, action: ACTION_NONE })),
        isCategory
          ? { token: own(value), column: index, action: value }
          : { token: own(value), column: index, action: ACTION_VALUE, value },
      ];
    };
  }

  readText(field: Field): string {
    throw freeText(field);
  }

  private placeOf(field: Field): Place {
    const place = this.places.get(field.name);
    if (place) return place;
    throw new HarmonicError("E_USAGE", `the table model does not write column "${field.name}"`, {
      hint: "compile the schema that modelOrder gives",
    });
  }
}

/** The codes or scaled values of a column's cells as its field has them, -1 for a category that it has not. */
function valuesAs(field: Field, column: Column): (i: number) => number | undefined {
  if (column.kind !== "category" || !isCategoryField(field) || column.values === field.constraints.enum) {
    return (i) => cellValue(column, i);
  }
  const codeOf = new Map(field.constraints.enum.map((value, code) => [value, code]));
  const codes = column.values.map((value) => codeOf.get(value) ?? -1);
  return (i) => {
    const code = cellValue(column, i);
    return code === undefined ? undefined : codes[code];
  };
}
