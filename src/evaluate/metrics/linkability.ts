import { fitEncoding } from "../../encode/encoding";
import { rowCount } from "../../table/columns";
import type { Cells } from "../cells";
import type { EvaluationContext, Metric } from "../metric";
import { sampleRows } from "../rows";
import { notesOf, riskOf } from "../risk";

/** Most rows attacked of each kind. */
const MAX_TARGETS = 2_000;

/**
 * Linkability in the manner of Anonymeter: an attacker holds two tables about the same people, each with half of the
 * columns, and links their rows where both have the same closest synthetic row. How much more often that succeeds for
 * training rows than for rows never seen.
 */
export const linkability: Metric = {
  name: "linkability",
  title: "Linkability risk",
  area: "privacy",
  direction: "lower",
  description:
    "How much better the rows let an attacker link two halves of a training row than of a row never seen: 0 no better, " +
    "1 always.",
  parts: [
    { key: "attack", title: "links of training rows", direction: "lower" },
    { key: "control", title: "links of rows never seen", direction: "lower" },
    { key: "baseline", title: "links by guessing", direction: "lower" },
  ],
  yardstick: "fresh",
  async compute(table, context) {
    const { train, holdout, random } = context;
    if (train.length < 2) return { value: NaN, notes: ["fewer than two columns"] };
    const n = Math.min(rowCount(train), MAX_TARGETS);
    const nControl = Math.min(rowCount(holdout), MAX_TARGETS);
    const successes = await countLinks(table, sampleRows(train, n, random("link train")), context);
    const controlSuccesses = await countLinks(
      table,
      sampleRows(holdout, nControl, random("link control")),
      context,
    );
    // Two guesses among the synthetic rows agree once in as many times as there are of them.
    const risk = riskOf({
      n,
      successes,
      nControl,
      controlSuccesses,
      nBaseline: n,
      baselineSuccesses: n / rowCount(table),
    });
    return {
      value: risk.value,
      interval: risk.interval,
      parts: { attack: risk.attackRate, control: risk.controlRate, baseline: risk.baselineRate },
      detail: { n, successes, nControl, controlSuccesses },
      notes: notesOf(risk),
    };
  },
};

/** Targets whose closest synthetic row by every other column is also that by the columns between. */
async function countLinks(table: Cells[], targets: Cells[], context: EvaluationContext): Promise<number> {
  const even = await nearestBy(table, targets, (c) => c % 2 === 0, context);
  const odd = await nearestBy(table, targets, (c) => c % 2 === 1, context);
  return even.reduce((links, id, i) => links + (id === odd[i] ? 1 : 0), 0);
}

/** The closest row of the table to each target, by some of the columns. */
export async function nearestBy(
  table: Cells[],
  targets: Cells[],
  isUsed: (column: number) => boolean,
  { train, schema, neighbors }: EvaluationContext,
): Promise<Int32Array> {
  const used = <T>(items: readonly T[]): T[] => items.filter((_, c) => isUsed(c));
  const encoding = fitEncoding(used(train), { ...schema, fields: used(schema.fields) }, { target: true });
  const points = encoding.encode(used(table));
  const queries = encoding.encode(used(targets));
  return (await neighbors({ points: points.data, queries: queries.data, d: points.d, k: 1 })).ids;
}
