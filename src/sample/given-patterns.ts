import { HarmonicError } from "../errors";
import { naturalOrder, type Order } from "../instruct/order";
import { describe, fullDomain } from "../rules/domain";
import type { RuleSet } from "../rules/rule-set";
import { isMissing, rowCount } from "../table/columns";
import { formatCell } from "../table/convert";
import type { RowAutomaton } from "./automaton";
import type { ColumnLimits } from "./column-limits";
import { orderWith, smallFirst } from "./column-order";
import type { OrderedRows } from "./compile-orders";
import type { GivenRows } from "./given";

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

export interface GivenPatternsOptions {
  automaton: RowAutomaton;
  limits: ColumnLimits;
  set: RuleSet;
  /** whether rows may be written in any order */
  isFree: boolean;
}

/** More given rows of one pattern than this share the cells' own states; fewer have a way each. */
const MOST_WAYS = 50;

/** Rows that some cells are given of, by which of them are filled: those come first, then the others follow from them. */
export class GivenPatterns {
  private readonly patterns: Pattern[];
  private readonly patternOf: Pattern[] = [];

  /** @throws E_USAGE where the model cannot write the given cells first, E_INPUT where they break a rule or a condition */
  constructor(
    private readonly given: GivenRows,
    private readonly options: GivenPatternsOptions,
  ) {
    const patterns = new Map<string, Pattern>();
    const n = rowCount(given.columns);
    for (let row = 0; row < n; row++) {
      const filled = given.fields.filter((f) => !isMissing(given.columns[f]!, row));
      this.check(filled, row);
      const key = filled.join();
      let pattern = patterns.get(key);
      if (!pattern) {
        pattern = { order: this.orderOf(filled), nGiven: filled.length, startState: 0, rows: [] };
        patterns.set(key, pattern);
      }
      pattern.rows.push(row);
      this.patternOf[row] = pattern;
    }
    this.patterns = [...patterns.values()];
  }

  /** What is to be compiled, a pattern each. */
  get ordered(): OrderedRows[] {
    return this.patterns.map((pattern) => this.orderedOf(pattern));
  }

  /** Where each pattern starts in the tables compiled. */
  startAt(startStates: Int32Array): void {
    this.patterns.forEach((pattern, p) => (pattern.startState = startStates[p]!));
  }

  get starts(): Pick<RowStart, "order" | "startState">[] {
    return this.patterns;
  }

  get orders(): Order[] {
    return [...new Set(this.patterns.map(({ order }) => order))];
  }

  /** How a row to draw begins, by its number. */
  start(row: number): RowStart {
    const g = this.given.rowOf(row);
    const { order, nGiven, startState } = this.patternOf[g]!;
    const steps = this.options.automaton.cells.steps(this.given.columns, g, order, nGiven);
    return { order, startState, prefix: Int32Array.from(steps, ({ token }) => token) };
  }

  /** What to say of given cells outside what was trained on; undefined where there are none. */
  get warning(): string | undefined {
    const { name, columns, fields } = this.given;
    const { limits } = this.options;
    const outside = fields.flatMap((f) => {
      const column = columns[f]!;
      if (column.kind === "text") return [];
      const rows = Array.from({ length: rowCount(columns) }, (_, row) => row);
      return rows.filter((row) => limits.isOutside(f, column, row)).map((row) => ({ f, row }));
    });
    const [first] = outside;
    if (!first) return undefined;
    const field = this.schema.fields[first.f]!;
    const cell = formatCell(field, columns[first.f]!, first.row);
    return (
      `${name}: row ${first.row + 1}, column "${field.name}": ${cell} is outside what was trained on, ` +
      `${describe(fullDomain(field), field)}; such cells, ${outside.length} here, stay, and count as the nearest value ` +
      "that the model knows"
    );
  }

  private get schema() {
    return this.options.automaton.schema;
  }

  /** The filled cells, then those that conditions restrict, then the others. */
  private orderOf(filled: readonly number[]): Order {
    const { set, limits, isFree } = this.options;
    if (isFree) {
      const conditioned = set.conditioned.filter((f) => !filled.includes(f));
      return orderWith([...filled, ...conditioned], smallFirst(this.schema, limits.domains), set.derived);
    }
    const late = filled.filter((f) => f >= filled.length).map((f) => `"${this.schema.fields[f]!.name}"`);
    if (late.length === 0) return naturalOrder(this.schema);
    throw new HarmonicError(
      "E_USAGE",
      `${this.given.name}: the adapter was not trained to write ${late.join(", ")} first, so cells cannot be drawn given them`,
      { hint: "train with --permute; or give --any-order to try an order that the adapter does not know" },
    );
  }

  private orderedOf({ order, nGiven, rows }: Pattern): OrderedRows {
    if (nGiven === 0) return { order };
    const { columns } = this.given;
    const { cells } = this.options.automaton;
    const steps = cells.givenOf(columns);
    if (steps) {
      return { order, given: { nGiven, byCell: order.slice(0, nGiven).map((f) => rows.map(steps[f]!)) } };
    }
    if (rows.length > MOST_WAYS) return { order };
    return { order, given: { nGiven, rows: rows.map((row) => cells.steps(columns, row, order, nGiven)) } };
  }

  /** @throws E_INPUT where the cells that a row is given break a rule or a condition */
  private check(filled: readonly number[], row: number): void {
    const { columns, name } = this.given;
    const { limits, set } = this.options;
    const place = `${name}: row ${row + 1}`;
    for (const f of filled) {
      const field = this.schema.fields[f]!;
      if (limits.mayHold(f, columns[f]!, row)) continue;
      throw new HarmonicError(
        "E_INPUT",
        `${place}, column "${field.name}": rules and conditions leave ${describe(limits.domains[f]!, field)}`,
        { hint: "correct the cell, or change the rule or condition" },
      );
    }
    const broken = [...set.questions, ...set.conditions].find(
      (question) => question.columns.every((f) => filled.includes(f)) && !question.holds(columns, row),
    );
    if (!broken) return;
    throw new HarmonicError("E_INPUT", `${place} breaks the rule ${broken.source}`, {
      hint: "correct the cells, or leave the rule out",
    });
  }
}
