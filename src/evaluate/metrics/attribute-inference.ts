import { isMissing, rowCount } from "../../table/columns";
import { fromScaled } from "../../table/number";
import type { Cells } from "../cells";
import type { EvaluationContext, Metric } from "../metric";
import { mean, sampleRows } from "../rows";
import { cutRisk, riskOf, type Attempts, type Risk } from "../risk";
import { nearestBy } from "./linkability";

/** Most rows attacked of each kind, for each column; of very many synthetic rows each one takes its time. */
const MAX_TARGETS = 1_000;
const MAX_TARGETS_OF_MANY = 500;
const MANY_ROWS = 200_000;
/** Most columns attacked; of more, so many are drawn. */
const MAX_SECRETS = 30;
/** How far a guessed number may be off, relative to the guess. */
const TOLERANCE = 0.05;

/**
 * Attribute inference in the manner of Anonymeter: an attacker knows all columns of a row but one, and guesses that one
 * from the closest synthetic row. How much more often the guess is right for training rows than for rows never seen; the
 * headline is the mean over columns.
 */
export const attributeInference: Metric = {
  name: "attribute-inference",
  title: "Attribute inference risk",
  area: "privacy",
  direction: "lower",
  description:
    "How much better the rows let an attacker guess an unknown cell of a training row than of a row never seen, mean " +
    "over columns: 0 no better, 1 always.",
  parts: [
    { key: "worst", title: "worst column", direction: "lower" },
    { key: "attack", title: "right guesses, training rows", direction: "lower" },
    { key: "control", title: "right guesses, rows never seen", direction: "lower" },
    { key: "baseline", title: "right guesses at random", direction: "lower" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    const { train, holdout, random } = context;
    if (train.length < 2) return { value: NaN, notes: ["fewer than two columns"] };
    const secrets = random("secrets")
      .shuffle(train.map((_, c) => c))
      .slice(0, MAX_SECRETS);
    const isMany = rowCount(table) > MANY_ROWS;
    const most = isMany ? MAX_TARGETS_OF_MANY : MAX_TARGETS;
    const targets = sampleRows(train, most, random("infer train"));
    const control = sampleRows(holdout, most, random("infer control"));
    const risks: Risk[] = [];
    for (const secret of secrets.sort((a, b) => a - b)) {
      risks.push(riskOf(await attack(table, targets, control, secret, context)));
    }
    // Cut only after the mean: cut one by one, chance alone would add up. Columns are attacked on the same rows, so the
    // mean is taken to be as uncertain as one of them.
    const { value, interval } = cutRisk(
      mean(risks.map(({ raw }) => raw)),
      mean(risks.map(({ error }) => error)),
    );
    return {
      value,
      interval,
      parts: {
        worst: Math.max(...risks.map((risk) => risk.value)),
        attack: mean(risks.map((risk) => risk.attackRate)),
        control: mean(risks.map((risk) => risk.controlRate)),
        baseline: mean(risks.map((risk) => risk.baselineRate)),
      },
      detail: { columns: secrets.map((secret, i) => ({ name: train[secret]!.name, ...risks[i]! })) },
      notes: [
        ...(secrets.length < train.length ? [`on ${secrets.length} of ${train.length} columns`] : []),
        ...(isMany ? [`${most} rows of each kind attacked`] : []),
      ],
    };
  },
};

async function attack(
  table: Cells[],
  targets: Cells[],
  control: Cells[],
  secret: number,
  context: EvaluationContext,
): Promise<Attempts> {
  const guesses = table[secret]!;
  const rightFor = async (rows: Cells[]): Promise<number> => {
    const ids = await nearestBy(table, rows, (c) => c !== secret, context);
    return ids.reduce((n, id, row) => n + (isRight(guesses, id, rows[secret]!, row) ? 1 : 0), 0);
  };
  const n = rowCount(targets);
  const random = context.random(`guess ${secret}`);
  let baselineSuccesses = 0;
  for (let row = 0; row < n; row++) {
    if (isRight(guesses, random.nextInt(rowCount(table)), targets[secret]!, row)) baselineSuccesses++;
  }
  return {
    n,
    successes: await rightFor(targets),
    nControl: rowCount(control),
    controlSuccesses: await rightFor(control),
    nBaseline: n,
    baselineSuccesses,
  };
}

function isRight(guesses: Cells, guess: number, secrets: Cells, row: number): boolean {
  const missing = [isMissing(guesses, guess), isMissing(secrets, row)];
  if (missing[0] || missing[1]) return missing[0]! && missing[1]!;
  if (guesses.kind === "category" || secrets.kind === "category") {
    return guesses.kind === secrets.kind && cellOf(guesses, guess) === cellOf(secrets, row);
  }
  const guessed = cellOf(guesses, guess);
  return Math.abs(guessed - cellOf(secrets, row)) <= Math.abs(TOLERANCE * guessed);
}

function cellOf(column: Cells, row: number): number {
  return column.kind === "category" ? column.codes[row]! : fromScaled(column.scaled[row]!, column.decimals);
}
