import { createHash, type Hash } from "node:crypto";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { fileError } from "../file-error";
import type { Column } from "../table/columns";
import { packageVersion } from "../version";
import type { EvaluateOptions } from "./evaluate";
import type { Score } from "./evaluation";

/**
 * The scores of an evaluation that may be interrupted, in a file beside its results: a line for what is evaluated, then one
 * for each score as soon as it is there. A file of another evaluation is begun anew.
 */
export class KeptScores {
  private constructor(
    private readonly path: string,
    private readonly scores: Map<string, Score>,
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
      const { metric, score } = JSON.parse(line) as { metric: string; score: Score };
      scores.set(keyOf(metric, score.table), score);
    }
    const kept = [JSON.stringify({ identity }), ...(same ? whole.slice(1) : [])];
    await writeFile(path, kept.map((line) => `${line}\n`).join("")).catch((cause: unknown) => {
      throw fileError(cause, path);
    });
    return new KeptScores(path, scores);
  }

  /** What an earlier evaluation of the same tables found. */
  get(metric: string, table: string): Score | undefined {
    return this.scores.get(keyOf(metric, table));
  }

  async add(metric: string, score: Score): Promise<void> {
    await appendFile(this.path, `${JSON.stringify({ metric, score })}\n`).catch((cause: unknown) => {
      throw fileError(cause, this.path);
    });
  }
}

const keyOf = (metric: string, table: string): string => JSON.stringify([metric, table]);

/** A digest of all that decides the scores. */
function identityOf({
  schema,
  train,
  test,
  holdout,
  synthetic,
  seed,
  tune,
  compat,
  extra = [],
}: EvaluateOptions): string {
  const hash = createHash("sha256");
  const settings = { schema, seed: seed ?? 0, tune: tune ?? false, compat: compat ?? false };
  const models = extra.map(({ name, identity }) => [name, identity]);
  hash.update(JSON.stringify([packageVersion(), settings, synthetic.map(({ name }) => name), models]));
  for (const columns of [train, test, holdout ?? [], ...synthetic.map((table) => table.columns)]) {
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
