import { rowCount, selectRows, type Column } from "../table/columns";
import { cellsOf, pickRows, type Cells } from "./cells";
import { withHoldout } from "./context";
import type { EvaluationContext, Metric } from "./metric";
import { RowIndex } from "./row-index";
import { sampleIds } from "./rows";

/** Rows to score, and what to score them against. */
export interface Scorable {
  columns: Column[];
  context: EvaluationContext;
  /** what a reader must know */
  notes?: string[];
}

/** Shares of rows that are in the holdout, and in train, by which a table is told to be the holdout itself. */
const MOST_SEEN = 0.9;
const FEW_TRAINED = 0.5;
const LOOKED_AT = 1_000;

/**
 * Which rows each metric scores, against which. Privacy metrics compare rows with others never seen: where the rows scored
 * are themselves those never seen, other ones must stand beside them.
 */
export class Yardsticks {
  /** half of the holdout, which stands beside the other half where there are no other rows never seen */
  private readonly other: Cells[];
  private readonly half: Int32Array;
  private readonly inHoldout: RowIndex;
  private readonly inTrain: RowIndex;

  /** `hasHoldout`: the context's holdout are other rows than `test`. */
  constructor(
    private readonly context: EvaluationContext,
    private readonly test: Column[],
    private readonly hasHoldout: boolean,
  ) {
    const ids = sampleIds(rowCount(test), rowCount(test), context.random("halves"));
    const middle = Math.ceil(ids.length / 2);
    this.half = ids.subarray(0, middle);
    this.other = middle === ids.length ? context.test : pickRows(context.test, ids.subarray(middle));
    this.inHoldout = new RowIndex(context.holdout);
    this.inTrain = new RowIndex(context.train);
  }

  /** The real rows that a metric scores as if they were synthetic. */
  real({ yardstick, area }: Metric): Scorable {
    const { context, test } = this;
    if (yardstick === "train") return { columns: context.wholeTrain, context };
    if (area !== "privacy") return { columns: test, context };
    return this.hasHoldout
      ? { columns: test, context: withHoldout(context, context.holdout) }
      : { columns: selectRows(test, this.half), context: withHoldout(context, this.other) };
  }

  /** What privacy metrics compare a synthetic table with: the holdout, unless the table is the holdout. */
  synthetic(columns: Column[]): (metric: Metric) => Scorable {
    const usual = { columns, context: this.context };
    if (!this.isHoldout(columns)) return () => usual;
    const notes = ["the rows are those that were never seen: others of them stand beside"];
    const unseen = { ...this.besideHoldout(columns), notes };
    return ({ area }) => (area === "privacy" ? unseen : usual);
  }

  private besideHoldout(columns: Column[]): Scorable {
    const { context } = this;
    if (this.hasHoldout) return { columns, context: withHoldout(context, context.test) };
    const beside = new RowIndex(this.other);
    const cells = cellsOf(columns);
    const rows = Array.from({ length: rowCount(columns) }, (_, row) => row);
    const own = rows.filter((row) => !beside.has(cells, row));
    return { columns: selectRows(columns, own), context: withHoldout(context, this.other) };
  }

  private isHoldout(columns: Column[]): boolean {
    const cells = cellsOf(columns);
    const rows = sampleIds(rowCount(columns), LOOKED_AT, this.context.random("whose rows"));
    const share = (index: RowIndex): number =>
      rows.reduce((n, row) => n + (index.has(cells, row) ? 1 : 0), 0) / rows.length;
    return share(this.inHoldout) >= MOST_SEEN && share(this.inTrain) <= FEW_TRAINED;
  }
}
