import { HarmonicError } from "../errors";
import { naturalOrder, type Order } from "../instruct/order";
import type { AutomatonTables, Rule } from "../native/addon";
import { cellValue } from "../rules/cells";
import { compileRules } from "../rules/compile-rules";
import { contains, intersect, sizeOf } from "../rules/domain";
import { narrowDomains } from "../rules/feasible";
import type { CheckedRule, DerivedColumn, RuleSet } from "../rules/rule-set";
import { brokenRules } from "../rules/table-check";
import type { Column } from "../table/columns";
import { type IdentifierField, isNumberField } from "../table/schema";
import type { RowAutomaton } from "./automaton";
import type { Guess } from "./best-guess";
import { ColumnLimits } from "./column-limits";
import { orderWith } from "./column-order";
import { compileOrders } from "./compile-orders";
import { givenRows, type Conditions } from "./conditions";
import type { GivenRows } from "./given";
import { GivenPatterns, type RowStart } from "./given-patterns";
import { longestPath } from "./walk";

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

  private readonly limits: ColumnLimits;
  private readonly given: GivenRows | undefined;
  private readonly patterns: GivenPatterns | undefined;
  private readonly order: Order;
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
    const domains = narrowDomains(this.set);
    this.limits = new ColumnLimits(schema, domains);
    this.given = givenRows(conditions, {
      ...{ schema, identifiers: options.identifiers, seed: options.seed },
      domains: domains.map((domain, f) => intersect(domain, language.domain(schema.fields[f]!))),
      // What has no token stands as the nearest that has one.
      anyRange: language.givenCells !== undefined,
    });
    this.rows = this.given?.rows;
    const { guess: number, each: draws = 1 } = conditions.given ?? {};
    this.guess = number && { number, draws };
    if (this.guess) this.checkGuess();
    for (const f of this.given?.fields ?? []) domains[f] = { ...domains[f]!, missing: false };
    const isFree = options.permuted === true || options.anyOrder === true;
    const natural = naturalOrder(schema);
    this.order = isFree ? orderWith(this.set.conditioned, natural, this.set.derived) : natural;
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

    if (this.given) {
      this.patterns = new GivenPatterns(this.given, {
        automaton,
        limits: this.limits,
        set: this.set,
        isFree,
      });
      const { warning } = this.patterns;
      if (warning !== undefined) this.warnings.push(warning);
    }
    const ordered = this.patterns?.ordered ?? [{ order: this.order }];
    const compiled = compileOrders(schema, language, domains, ordered);
    this.tables = compiled.tables;
    this.patterns?.startAt(compiled.startStates);
    this.longestRow = longestPath(this.tables, compiled.startStates);
  }

  /** How a row begins, by its number. */
  start(row: number): RowStart {
    return this.patterns?.start(row) ?? this.freeStart;
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
    return this.patterns?.starts ?? [{ order: this.order, startState: 0 }];
  }

  /** The orders that rows are written in. */
  get orders(): Order[] {
    return this.patterns?.orders ?? [this.order];
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
      columns.every((column, f) => this.limits.mayHold(f, column, row)) &&
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
      const most = columns.reduce((product, column) => product * sizeOf(this.limits.domains[column]!), 1);
      if (!isFinite || rows <= most) continue;
      throw new HarmonicError("E_USAGE", `no ${rows} rows can satisfy ${source}: there are ${most} values`, {
        hint: `draw at most ${most} rows, or widen the columns in the schema`,
      });
    }
  }

  private get schema() {
    return this.options.automaton.schema;
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
          contains(this.limits.domains[column]!, cellValue(columns[column]!, row)) &&
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
}

function keyOf(columns: readonly Column[], fields: readonly number[], row: number): string {
  return JSON.stringify(
    fields.map((f) => {
      const column = columns[f]!;
      return column.kind === "text" ? column.values[row] : (cellValue(column, row) ?? null);
    }),
  );
}
