import type { DeviceName } from "../devices/kinds";
import type { Order } from "../instruct/order";
import { Random } from "../random";
import { rowCount, selectRows, type Column } from "../table/columns";
import { RowLikelihood, type LikelihoodOptions, type RowLosses } from "../train/likelihood";
import type { EvaluateOptions } from "./evaluate";
import { REAL } from "./evaluation";
import type { MetricResult } from "./metric";
import { mean, sampleIds } from "./rows";

/** Rows of each kind below which nothing is said. */
const FEWEST_ROWS = 10;

export interface ModelLossesOptions {
  /** what drew the rows; its base alone is what losses are calibrated by */
  model: Omit<LikelihoodOptions, "base" | "threads" | "device" | "weights" | "onNote">;
  /** absent: losses are calibrated by a model that finds all valid tokens as likely, as a table model begins */
  base?: string | undefined;
  /** the whole model, where all weights were trained, in place of base and adapter */
  whole?: string | undefined;
  /** orders of the columns that rows are written in: the natural one, then random ones [1] */
  nOrders?: number | undefined;
  tables: Pick<EvaluateOptions, "train" | "test" | "holdout" | "synthetic">;
  /** which of the synthetic tables the model drew */
  drawn: string;
  /** most rows of each table */
  rows: number;
  seed: number;
  threads: number;
  /** what a language model is computed on [auto] */
  device?: DeviceName | undefined;
  signal?: AbortSignal | undefined;
}

/** Losses of rows under one model, means over the orders of columns; rows that do not fit the schema are left out. */
export interface Losses {
  /** nats a row */
  nats: Float64Array;
  /** nats a token that was chosen */
  perToken: Float64Array;
}

/** The same rows under the generator and under its base. */
export interface PairedLosses {
  model: Losses;
  base: Losses;
}

/** Rows that may be members, rows that are none, and the rows scored. */
export interface Compared {
  members: PairedLosses;
  others: PairedLosses;
  scored: Losses;
}

/** How unlikely a generator and its base find real rows and its own; all computed at the first question. */
export class ModelLosses {
  private computed: Promise<Map<string, PairedLosses>> | undefined;
  private readonly told = new Set<string>();

  constructor(private readonly options: ModelLossesOptions) {}

  get nOrders(): number {
    return this.options.nOrders ?? 1;
  }

  /** What is to be said of how they were computed. */
  get notes(): string[] {
    return [...this.told];
  }

  /**
   * What a metric of a table compares. For real rows the test rows take the members' place, beside other rows never
   * seen. Undefined for rows that the model has not drawn.
   */
  async of(table: string): Promise<Compared | undefined> {
    const { drawn, tables } = this.options;
    if (table !== REAL && table !== drawn) return undefined;
    const all = await (this.computed ??= this.compute());
    const others = all.get(tables.holdout ? "holdout" : "test")!;
    if (table === drawn) return { members: all.get("train")!, others, scored: all.get("synthetic")!.model };
    const test = all.get("test")!;
    const half = test.model.nats.length >> 1;
    const members = tables.holdout ? test : part(test, 0, half);
    return { members, others: tables.holdout ? others : part(test, half), scored: members.model };
  }

  private async compute(): Promise<Map<string, PairedLosses>> {
    const { model, base, whole, tables, drawn, rows, seed } = this.options;
    const random = new Random(seed).derive("model losses");
    const parts: [string, Column[]][] = [
      ["train", tables.train],
      ["test", tables.test],
      ...(tables.holdout ? [["holdout", tables.holdout] as [string, Column[]]] : []),
      ["synthetic", tables.synthetic.find(({ name }) => name === drawn)!.columns],
    ];
    const samples = parts.map(([name, columns]): [string, Column[]] => [
      name,
      selectRows(columns, sampleIds(rowCount(columns), rows, random.derive(name))),
    ]);
    const own = await this.losses({ ...model, base: whole ?? base }, samples);
    // The base says nothing of the rows drawn that a metric asks for.
    const before = await this.losses({ ...model, base, adapter: undefined }, samples.slice(0, -1));
    return new Map(samples.map(([name], i) => [name, paired(own[i]!, before[i] ?? own[i]!)]));
  }

  /** Of each order, then each row. */
  private async losses(
    options: Omit<LikelihoodOptions, "threads" | "device" | "onNote">,
    samples: [string, Column[]][],
  ): Promise<RowLosses[][]> {
    const { threads, device, signal, seed } = this.options;
    const likelihood = await RowLikelihood.open({
      ...{ ...options, threads, device, anyOrder: this.nOrders > 1 },
      onNote: (note) => this.told.add(note),
    });
    try {
      const orders = ordersOf(likelihood.fields.length, this.nOrders, seed);
      const losses: RowLosses[][] = [];
      for (const [, columns] of samples) {
        const each: RowLosses[] = [];
        for (const order of orders) each.push(await likelihood.of(columns, order, signal));
        losses.push(each);
      }
      return losses;
    } finally {
      likelihood.close();
    }
  }
}

/**
 * The score of a table by the losses of its rows; none where they are not the model's or too few.
 * @param table its name among the scores
 */
export async function scoreByLosses(
  losses: Pick<ModelLosses, "of" | "notes">,
  table: string,
  score: (compared: Compared) => MetricResult,
): Promise<MetricResult> {
  const compared = await losses.of(table);
  if (!compared) {
    return { value: NaN, notes: ["only rows that the run's own model drew can be scored by its losses"] };
  }
  if (fewestRows(compared) < FEWEST_ROWS) {
    return { value: NaN, notes: [`fewer than ${FEWEST_ROWS} rows of a kind`] };
  }
  const result = score(compared);
  return { ...result, notes: [...(result.notes ?? []), ...losses.notes] };
}

/** Rows of the kind that there are fewer of. */
export function fewestRows({ members, others }: Compared): number {
  return Math.min(members.model.nats.length, others.model.nats.length);
}

/** The natural order of columns, which is undefined, then random ones. */
function ordersOf(nColumns: number, n: number, seed: number): (Order | undefined)[] {
  const random = new Random(seed).derive("orders of columns");
  return Array.from({ length: n }, (_, i) =>
    i === 0 ? undefined : random.shuffle(Array.from({ length: nColumns }, (_, f) => f)),
  );
}

function paired(model: RowLosses[], base: RowLosses[]): PairedLosses {
  const ids = Array.from(model[0]!.nats.keys()).filter((row) => !Number.isNaN(model[0]!.nats[row]));
  return { model: average(model, ids), base: average(base, ids) };
}

function average(orders: RowLosses[], ids: number[]): Losses {
  const over = (figure: (losses: RowLosses, row: number) => number): Float64Array =>
    Float64Array.from(ids, (row) => mean(orders.map((losses) => figure(losses, row))));
  return {
    nats: over(({ nats }, row) => nats[row]!),
    perToken: over(({ nats, nTokens }, row) => nats[row]! / Math.max(1, nTokens[row]!)),
  };
}

function part({ model, base }: PairedLosses, from: number, to?: number): PairedLosses {
  const cut = ({ nats, perToken }: Losses): Losses => ({
    nats: nats.subarray(from, to),
    perToken: perToken.subarray(from, to),
  });
  return { model: cut(model), base: cut(base) };
}
