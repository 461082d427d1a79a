import type { Lesson } from "./lesson";

/** Validations of a run where none are asked for, and the share of the training's cost that they may take. */
const TIMES = 10;
const SHARE = 0.1;

/** What validations have found so far; goes into the checkpoint. */
export interface ValidationRecord {
  /** nats a row before the first step */
  before: number;
  best?: { step: number; lossPerRow: number };
  /** validations since the best */
  misses: number;
}

/** Nats a row, in all and summed over the tokens of each column. */
export interface ValidationLoss {
  validationLossPerRow: number;
  validationLossPerColumn: Record<string, number>;
}

/** When rows left out are looked at during training, and what that says: the best step, and whether to stop. */
export class Validation {
  constructor(
    /** steps between validations, 0: none */
    private readonly every: number,
    private readonly steps: number,
    private readonly patience: number | undefined,
    public record: ValidationRecord,
  ) {}

  get on(): boolean {
    return this.every > 0;
  }

  /** Whether a look is due after so many steps: at regular intervals, and at the end. */
  due(stepsDone: number): boolean {
    return this.on && (stepsDone % this.every === 0 || stepsDone === this.steps);
  }

  /** True where the last `patience` validations were no better than the best. */
  get givesUp(): boolean {
    return this.patience !== undefined && this.record.misses >= this.patience;
  }

  /** Notes a loss; true where it is the best so far. */
  note(step: number, lossPerRow: number): boolean {
    const { before, best, misses } = this.record;
    const better = best === undefined || lossPerRow < best.lossPerRow;
    this.record = better
      ? { before, best: { step, lossPerRow }, misses: 0 }
      : { before, best, misses: misses + 1 };
    return better;
  }
}

/**
 * Steps between validations where none are asked for: about ten a run, fewer where many rows left out would make them cost
 * more than a tenth of the training. Costs are in tokens of a forward pass.
 */
export function defaultValidateEvery(steps: number, trainingCost: number, cost: number): number {
  const times = Math.min(TIMES, Math.max(1, Math.floor((SHARE * trainingCost) / cost)));
  return Math.ceil(steps / times);
}

/**
 * The losses of every position of some lessons, in their order, as nats a row. What belongs to no column (the text
 * between cells, learnt over the full vocabulary alone) counts in all only.
 */
export function validationLoss(
  losses: readonly number[],
  lessons: readonly Lesson[],
  names: readonly string[],
): ValidationLoss {
  const nRows = lessons.reduce((n, lesson) => n + lesson.nRows, 0);
  return {
    validationLossPerRow: losses.reduce((a, b) => a + b, 0) / nRows,
    validationLossPerColumn: lossPerColumn(losses, lessons, names),
  };
}

/** Nats of each column's cells, a row. */
export function lossPerColumn(
  losses: readonly number[],
  lessons: readonly Lesson[],
  names: readonly string[],
): Record<string, number> {
  const nRows = lessons.reduce((n, lesson) => n + lesson.nRows, 0);
  const sums = new Float64Array(names.length);
  let at = 0;
  for (const { columns } of lessons) {
    for (const column of columns) {
      if (column >= 0) sums[column]! += losses[at]!;
      at++;
    }
  }
  return Object.fromEntries(names.map((name, f) => [name, sums[f]! / nRows]));
}
