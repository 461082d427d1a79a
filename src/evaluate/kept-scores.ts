import { createHash, type Hash } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { orFileError } from "../file-error";
import type { Column } from "../table/columns";
import { packageVersion } from "../version";
import type { EvaluateOptions } from "./evaluate";
import type { Score } from "./evaluation";
import type { Metric } from "./metric";

/**
 * The scores of an evaluation that may be interrupted, in a file beside its results: a line for the real tables and the
 * settings, then one for each score as soon as it is there. A file of others is begun anew; the scores of a table stay
 * good whatever others are scored beside it.
 */
export class KeptScores {
  private constructor(
    private readonly path: string,
    private readonly scores: Map<string, Score>,
    /** a digest of each synthetic table by its name */
    private readonly digests: ReadonlyMap<string, string>,
  ) {}

  /** @throws E_IO where the file cannot be written */
  static async open(path: string, options: EvaluateOptions): Promise<KeptScores> {
    const identity = identityOf(options);
    const lines = (await readFile(path, "utf8").catch(() => "")).split("\n");
    // what follows the last line break was cut off by an interruption
    const whole = lines.slice(0, -1);
    const scores = new Map<string, Score>();
    const same = whole[0] === JSON.stringify({ identity });
    for (const line of same ? whole.slice(1) : []) {
      const { key, score } = JSON.parse(line) as { key: string; score: Score };
      scores.set(key, score);
    }
    const kept = [JSON.stringify({ identity }), ...(same ? whole.slice(1) : [])];
    await orFileError(writeFile(path, kept.map((line) => `${line}\n`).join("")), path);
    const digests = options.synthetic.map(({ name, columns }) => [name, digestOf([columns])] as const);
    return new KeptScores(path, scores, new Map(digests));
  }

  /** What an earlier evaluation of the same tables found. */
  get(metric: Metric, table: string): Score | undefined {
    return this.scores.get(this.keyOf(metric, table));
  }

  async add(metric: Metric, score: Score): Promise<void> {
    const line = { key: this.keyOf(metric, score.table), score };
    await orFileError(appendFile(this.path, `${JSON.stringify(line)}\n`), this.path);
  }

  private keyOf({ name, identity = "" }: Metric, table: string): string {
    return JSON.stringify([name, identity, table, this.digests.get(table) ?? ""]);
  }
}

/** A digest of all that decides the scores of every table. */
function identityOf({ schema, train, test, holdout, seed, tune }: EvaluateOptions): string {
  return digestOf([train, test, holdout ?? []], {
    ...{ version: packageVersion(), schema, seed: seed ?? 0, tune: tune ?? false },
  });
}

function digestOf(tables: readonly (readonly Column[])[], settings: unknown = null): string {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const columns of tables) {
    hash.update("table");
    for (const column of columns) addColumn(hash, column);
  }
  return hash.digest("hex");
}

function addColumn(hash: Hash, column: Column): void {
  if (column.kind === "text") hash.update(JSON.stringify([column.kind, column.values]));
  else if (column.kind === "category") hash.update(JSON.stringify(column.values)).update(column.codes);
  else hash.update(column.kind).update(column.scaled);
}
