import { HarmonicError } from "../errors";

/** One of `count` parts of a sampling, from 1. */
export interface Shard {
  index: number;
  count: number;
}

/** The rows of a sampling in groups of a fixed size; those of one shard are a run of whole groups. */
export class RowGroups {
  private constructor(
    /** of all groups together */
    readonly rows: number,
    readonly groupRows: number,
    readonly shard: Shard,
    /** number of the first group, and the one behind the last */
    readonly first: number,
    readonly end: number,
  ) {}

  static of(rows: number, groupRows: number, shard: Shard = { index: 1, count: 1 }): RowGroups {
    const nGroups = Math.ceil(rows / groupRows);
    const before = (index: number): number => Math.floor((nGroups * index) / shard.count);
    return new RowGroups(rows, groupRows, shard, before(shard.index - 1), before(shard.index));
  }

  /** Those of these groups that are in first .. end. */
  slice(first: number, end: number): RowGroups {
    const { rows, groupRows, shard } = this;
    return new RowGroups(rows, groupRows, shard, Math.max(first, this.first), Math.min(end, this.end));
  }

  /** Rows of group g: the last one has what is left. */
  rowsOf(g: number): number {
    return Math.min(this.groupRows, this.rows - g * this.groupRows);
  }

  /** Rows of these groups. */
  get total(): number {
    return Math.max(0, Math.min(this.rows, this.end * this.groupRows) - this.first * this.groupRows);
  }
}

/** Reads "3/16". @throws E_USAGE for anything else */
export function parseShard(text: string): Shard {
  const [, index = 0, count = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new HarmonicError("E_USAGE", `expected a part such as 3/16 for \`shard\` but received "${text}"`, {
    hint: "1/4, 2/4, 3/4 and 4/4 are the parts of four",
  });
}
