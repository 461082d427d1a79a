import { createHash } from "node:crypto";
import { HarmonicError } from "../errors";
import type { Order } from "../instruct/order";
import { naturalOrder } from "../instruct/order";
import type { AutomatonTables, Rule } from "../native/addon";
import { cellValue } from "../rules/cells";
import { compileRules } from "../rules/compile-rules";
import { emptyColumn } from "../rules/condition-domain";
import { contains, describe, type Domain, fullDomain, intersect, sizeOf } from "../rules/domain";
import { narrowDomains } from "../rules/feasible";
import type { CheckedRule, DerivedColumn, RuleSet } from "../rules/rule-set";
import { brokenRules } from "../rules/table-check";
import { isMissing, rowCount, type Column } from "../table/columns";
import { formatCell } from "../table/convert";
import { type IdentifierField, isNumberField } from "../table/schema";
import type { TableSource } from "../table/source";
import type { RowAutomaton } from "./automaton";
import type { Guess } from "./best-guess";
import { compileOrders, type OrderedRows } from "./compile-orders";
import { balanced, givenTable, weighted, type GivenRows } from "./given";
import { longestPath } from "./walk";

/** What the rows to draw are to be like. */
export interface Conditions {
  /** e.g. "age > 40 and income = '>50K'" */
  where?: string | undefined;
  /** rows with some cells filled, which are completed */
  given?:
    | {
        table: TableSource;
        /** rows to draw for each */
        each: number;
        /** what is made of these; absent: each is a row */
        guess?: Guess["number"] | undefined;
      }
    | undefined;
  /** a column of which every value is drawn equally often */
  balance?: string | undefined;
  /** a table of cells with, as its last column, how often they are to be drawn */
  weights?: TableSource | undefined;
}

/** What tells conditions from others, as text. */
export function conditionsIdentity({ where, given, balance, weights }: Conditions = {}): string {
  const cells = (table: TableSource | undefined): unknown =>
    table?.columns.map(({ name, texts, codes }) => [name, texts, Array.from(codes)]);
  const all = [where, cells(given?.table), given?.each, given?.guess, balance, cells(weights)];
  return createHash("sha256").update(JSON.stringify(all)).digest("hex");
}

export interface RowPlanOptions {
  /** rows that the model writes, in its order; for any order */
  automaton: RowAutomaton;
  /** the rows trained on, in the automaton's order */
  columns: readonly Column[];
  rules?: readonly string[];
  conditions?: Conditions | undefined;
  /** columns of the table that the model does not write */
  identifiers?: readonly IdentifierField[];
  /** whether the adapter was trained on rows in all orders */
  permuted?: boolean;
  /** write rows in the order that conditions ask for even so */
  anyOrder?: boolean | undefined;
  seed: number;
}

/** How a row begins. */
export interface RowStart {
  order: Order;
  startState: number;
  /** tokens of the cells that it is given */
  prefix: Int32Array;
}

/** Given rows of one pattern of filled cells. */
interface Pattern {
  order: Order;
  nGiven: number;
  startState: number;
  rows: number[];
}

/** More given rows of one pattern than this share the cells' own states; fewer have a way each. */
const MOST_WAYS = 50;

/**
 * How rows are drawn under rules and conditions: the automaton with what each column may still hold, the order of the
 * columns (those conditioned on first, derived ones behind what they come from), the cells that a row begins with, and
 * what is looked at once it is drawn.
 */
export class RowPlan {
  readonly tables: AutomatonTables;
  readonly longestRow: number;
  /** for the decoder */
  readonly rules: Rule[];
  readonly decimals: Int32Array;
  /** what the user should know before anything is drawn */
  readonly warnings: string[] = [];
  /** rows to draw, where the given rows say how many */
  readonly rows: number | undefined;
  readonly set: RuleSet;
  /** what the rows drawn are made one by, where they are */
  readonly guess: Guess | undefined;

  private readonly domains: Domain[];
  private readonly given: GivenRows | undefined;
  private readonly order: Order;
  private readonly patternOf: Pattern[] = [];
  private readonly computed: DerivedColumn[];
  private readonly checks: CheckedRule[];
  private readonly seen: Set<string>[];
  private readonly freeStart: RowStart;

  /** @throws E_USAGE where rules or conditions cannot be read or satisfied, E_INPUT for given cells that do not fit */
  constructor(private readonly options: RowPlanOptions) {
    const { automaton, columns, rules = [], conditions = {} } = options;
    const { schema, language } = automaton;
    this.set = compileRules(schema, columns, { rules, where: conditions.where });
    this.warnings.push(...brokenRules(this.set, columns));
    this.domains = narrowDomains(this.set);
    const drawable = this.domains.map((domain, f) => intersect(domain, language.domain(schema.fields[f]!)));
    this.given = givenRows(options, schema, drawable);
    this.rows = this.given?.rows;
    const { guess: number, each: draws = 1 } = conditions.given ?? {};
    this.guess = number && { number, draws };
    if (this.guess) this.checkGuess();
    for (const f of this.given?.fields ?? []) this.domains[f] = { ...this.domains[f]!, missing: false };
    const isFree = options.permuted === true || options.anyOrder === true;
    this.order = this.orderOf(isFree ? this.set.conditioned : [], isFree);
    this.freeStart = { order: this.order, startState: 0, prefix: new Int32Array(0) };
    if (!isFree) this.warnOfOrder();

    this.computed = this.set.derived.filter((derived) => !this.comesLast(derived));
    const isComputed = (source: string): boolean =>
      this.computed.some((derived) => derived.source === source);
    const decoder = this.set.decoder.filter(
      ({ rule, source }) => !(rule.kind === "derived" && isComputed(source)),
    );
    this.rules = decoder.map(({ rule }) => rule);
    this.decimals = Int32Array.from(schema.fields, (field) =>
      isNumberField(field) ? field.numberFormat.decimals : 0,
    );
    this.checks = [...this.set.checked, ...this.checksOfComputed()];
    this.seen = this.set.unique.map(() => new Set());

    const patterns = this.patterns();
    if (this.given) this.warnOfOutside();
    const compiled = compileOrders(
      schema,
      language,
      this.domains,
      patterns.length > 0 ? patterns.map((pattern) => this.ordered(pattern)) : [{ order: this.order }],
    );
    this.tables = compiled.tables;
    patterns.forEach((pattern, p) => (pattern.startState = compiled.startStates[p]!));
    this.longestRow = longestPath(this.tables, compiled.startStates);
  }

  /** How a row begins, by its number. */
  start(row: number): RowStart {
    if (!this.given) return this.freeStart;
    const g = this.given.rowOf(row);
    const { order, nGiven, startState } = this.patternOf[g]!;
    const steps = this.options.automaton.cells.steps(this.given.columns, g, order, nGiven);
    return { order, startState, prefix: Int32Array.from(steps, ({ token }) => token) };
  }

  /** The identifier that row `row` of those that come out was given, if any. */
  identifierOf(name: string, row: number): string | undefined {
    const given = this.given?.identifiers?.find((column) => column.name === name);
    return given?.values[this.given!.rowOf(row * (this.guess?.draws ?? 1))] ?? undefined;
  }

  /** All identifiers that rows were given. */
  givenIdentifiers(name: string): readonly (string | null)[] {
    return this.given?.identifiers?.find((column) => column.name === name)?.values ?? [];
  }

  /** Where rows of each order start in the tables. */
  get starts(): Pick<RowStart, "order" | "startState">[] {
    return this.given ? [...new Set(this.patternOf)] : [{ order: this.order, startState: 0 }];
  }

  /** The orders that rows are written in. */
  get orders(): Order[] {
    return this.given ? [...new Set(this.patternOf.map(({ order }) => order))] : [this.order];
  }

  /**
   * Puts derived columns in that the decoder could not write, then says of each row whether it keeps the rules that are
   * looked at afterwards. `columns`: drawn rows in the automaton's order; changed.
   */
  judge(columns: Column[], nRows: number): boolean[] {
    for (const { column, value } of this.computed) {
      const target = columns[column]! as Column & { kind: "number" };
      const scaled = Float64Array.from({ length: nRows }, (_, row) => value(columns, row));
      columns[column] = { ...target, scaled };
    }
    return Array.from({ length: nRows }, (_, row) => this.checks.every(({ holds }) => holds(columns, row)));
  }

  /** Whether a row that was not drawn as it stands keeps every rule and condition. */
  fits(columns: readonly Column[], row: number): boolean {
    return (
      columns.every((column, f) => this.mayHold(f, column, row)) &&
      [...this.set.questions, ...this.set.conditions].every(({ holds }) => holds(columns, row))
    );
  }

  /** Whether no row taken before is the same under a unique rule; then it is taken itself. */
  take(columns: readonly Column[], row: number): boolean {
    const keys = this.set.unique.map((rule) => keyOf(columns, rule.columns, row));
    if (keys.some((key, u) => this.seen[u]!.has(key))) return false;
    keys.forEach((key, u) => this.seen[u]!.add(key));
    return true;
  }

  /** Whether rows depend on all rows drawn before. */
  get looksBack(): boolean {
    return this.set.unique.length > 0;
  }

  /** @throws E_USAGE where a unique rule has not so many values */
  checkCount(rows: number): void {
    for (const { source, columns } of this.set.unique) {
      const isFinite = columns.every((column) => !("maxLength" in this.schema.fields[column]!.constraints));
      const most = columns.reduce((product, column) => product * sizeOf(this.domains[column]!), 1);
      if (!isFinite || rows <= most) continue;
      throw new HarmonicError("E_USAGE", `no ${rows} rows can satisfy ${source}: there are ${most} values`, {
        hint: `draw at most ${most} rows, or widen the columns in the schema`,
      });
    }
  }

  private get schema() {
    return this.options.automaton.schema;
  }

  /** These columns first, then the others in their order, derived ones behind their operands where `isFree`. */
  private orderOf(
    first: readonly number[],
    isFree: boolean,
    others: Order = naturalOrder(this.schema),
  ): Order {
    const rest = others.filter((f) => !first.includes(f));
    const order = [...first, ...rest];
    if (!isFree) return order;
    for (const { column, operands } of this.set.derived) {
      if (first.includes(column)) continue;
      const behind = Math.max(...operands.map((operand) => order.indexOf(operand)));
      const at = order.indexOf(column);
      if (at > behind) continue;
      order.splice(at, 1);
      order.splice(behind, 0, column);
    }
    return order;
  }

  /**
   * The columns, those of the fewest values first: rows of every pattern of filled cells end with some of the largest
   * ones then, whose states are there once for each end.
   */
  private get smallFirst(): Order {
    const isText = (f: number): boolean => emptyColumn(this.schema.fields[f]!).kind === "text";
    const sizes = this.domains.map((domain, f) => (isText(f) ? Infinity : sizeOf(domain)));
    return [...naturalOrder(this.schema)].sort((a, b) =>
      sizes[a]! < sizes[b]! ? -1 : sizes[a]! > sizes[b]! ? 1 : a - b,
    );
  }

  /** Whether rules and conditions leave a cell's value to its column. A value outside the schema's range was given. */
  private mayHold(f: number, column: Column, row: number): boolean {
    if (column.kind === "text") return true;
    return contains(this.domains[f]!, cellValue(column, row)) || this.isOutside(f, column, row);
  }

  private isOutside(f: number, column: Column, row: number): boolean {
    const { ranges } = fullDomain(this.schema.fields[f]!);
    return !isMissing(column, row) && !contains({ ranges, missing: false }, cellValue(column, row));
  }

  private warnOfOutside(): void {
    const { name, columns, fields } = this.given!;
    const outside = fields.flatMap((f) => {
      const column = columns[f]!;
      const rows = Array.from({ length: rowCount(columns) }, (_, row) => row);
      if (column.kind === "text") return [];
      return rows.filter((row) => this.isOutside(f, column, row)).map((row) => ({ f, row }));
    });
    const [first] = outside;
    if (!first) return;
    const field = this.schema.fields[first.f]!;
    this.warnings.push(
      `${name}: row ${first.row + 1}, column "${field.name}": ${formatCell(field, columns[first.f]!, first.row)} is outside ` +
        `what was trained on, ${describe(fullDomain(field), field)}; such cells, ${outside.length} here, stay, and count ` +
        "as the nearest value that the model knows",
    );
  }

  private checkGuess(): void {
    const unique = this.set.unique[0];
    if (unique === undefined) return;
    throw new HarmonicError(
      "E_USAGE",
      `the rule ${unique.source} looks at all rows, and a guess is made of many`,
      {
        hint: "draw a row for each given one, or leave the rule out",
      },
    );
  }

  private comesLast({ column, operands }: DerivedColumn): boolean {
    if (this.given?.fields.includes(column) === true) return true;
    const at = this.order.indexOf(column);
    return operands.every((operand) => this.order.indexOf(operand) < at);
  }

  /** What a column computed afterwards must still fit: its own values, and the rules that it takes part in. */
  private checksOfComputed(): CheckedRule[] {
    return this.computed.map(({ source, column }) => ({
      source,
      columns: [column],
      holds: (columns, row) => {
        const others = this.set.questions.filter((question) => question.columns.includes(column));
        return (
          contains(this.domains[column]!, cellValue(columns[column]!, row)) &&
          others.every((question) => question.holds(columns, row))
        );
      },
    }));
  }

  private warnOfOrder(): void {
    const leading = this.order.slice(0, this.set.conditioned.length);
    const late = this.set.conditioned
      .filter((f) => !leading.includes(f))
      .map((f) => `"${this.schema.fields[f]!.name}"`);
    if (late.length === 0) return;
    this.warnings.push(
      `the adapter writes other columns before ${late.join(", ")}: these satisfy the condition but do not follow from ` +
        "it; train with --permute so that conditions come first, or give --any-order",
    );
  }

  /** Given rows by which of their cells are filled. */
  private patterns(): Pattern[] {
    const { given } = this;
    if (!given) return [];
    const patterns = new Map<string, Pattern>();
    const n = rowCount(given.columns);
    for (let row = 0; row < n; row++) {
      const filled = given.fields.filter((f) => !isMissing(given.columns[f]!, row));
      this.checkGiven(filled, row);
      const key = filled.join();
      let pattern = patterns.get(key);
      if (!pattern) {
        pattern = { order: this.givenOrder(filled), nGiven: filled.length, startState: 0, rows: [] };
        patterns.set(key, pattern);
      }
      pattern.rows.push(row);
      this.patternOf[row] = pattern;
    }
    return [...patterns.values()];
  }

  /** The filled cells, then those that conditions restrict, then the others. */
  private givenOrder(filled: readonly number[]): Order {
    const isFree = this.options.permuted === true || this.options.anyOrder === true;
    const natural = naturalOrder(this.schema);
    if (!isFree) {
      const late = filled.filter((f) => f >= filled.length).map((f) => `"${this.schema.fields[f]!.name}"`);
      if (late.length === 0) return natural;
      throw new HarmonicError(
        "E_USAGE",
        `${this.given!.name}: the adapter was not trained to write ${late.join(", ")} first, so cells cannot be drawn given them`,
        {
          hint: "train with --permute; or give --any-order to try an order that the adapter does not know",
        },
      );
    }
    const conditioned = this.set.conditioned.filter((f) => !filled.includes(f));
    return this.orderOf([...filled, ...conditioned], true, this.smallFirst);
  }

  private ordered({ order, nGiven, rows }: Pattern): OrderedRows {
    if (nGiven === 0) return { order };
    const { columns } = this.given!;
    const { cells } = this.options.automaton;
    const steps = cells.givenOf(columns);
    if (steps) {
      return { order, given: { nGiven, byCell: order.slice(0, nGiven).map((f) => rows.map(steps[f]!)) } };
    }
    if (rows.length > MOST_WAYS) return { order };
    return { order, given: { nGiven, rows: rows.map((row) => cells.steps(columns, row, order, nGiven)) } };
  }

  /** @throws E_INPUT where the cells that a row is given break a rule or a condition */
  private checkGiven(filled: readonly number[], row: number): void {
    const { columns, name } = this.given!;
    const place = `${name}: row ${row + 1}`;
    for (const f of filled) {
      const field = this.schema.fields[f]!;
      if (this.mayHold(f, columns[f]!, row)) continue;
      throw new HarmonicError(
        "E_INPUT",
        `${place}, column "${field.name}": rules and conditions leave ${describe(this.domains[f]!, field)}`,
        { hint: "correct the cell, or change the rule or condition" },
      );
    }
    const broken = [...this.set.questions, ...this.set.conditions].find(
      (question) => question.columns.every((f) => filled.includes(f)) && !question.holds(columns, row),
    );
    if (!broken) return;
    throw new HarmonicError("E_INPUT", `${place} breaks the rule ${broken.source}`, {
      hint: "correct the cells, or leave the rule out",
    });
  }
}

function givenRows(
  { conditions = {}, identifiers, automaton, seed }: RowPlanOptions,
  schema: RowPlan["set"]["schema"],
  domains: readonly Domain[],
): GivenRows | undefined {
  const { given, balance, weights } = conditions;
  if ([given, balance, weights].filter((one) => one !== undefined).length > 1) {
    throw new HarmonicError("E_USAGE", "expected one of `given`, `balance` and `weights`", {
      hint: "weights of several columns are one table: sex,income,weight",
    });
  }
  // What has no token stands as the nearest that has one.
  const anyRange = automaton.language.givenCells !== undefined;
  if (given) return givenTable(given.table, schema, { each: given.each, identifiers, anyRange });
  if (balance !== undefined) return balanced(balance, schema, domains);
  return weights && weighted(weights, schema, seed);
}

function keyOf(columns: readonly Column[], fields: readonly number[], row: number): string {
  return JSON.stringify(
    fields.map((f) => {
      const column = columns[f]!;
      return column.kind === "text" ? column.values[row] : (cellValue(column, row) ?? null);
    }),
  );
}
