import { REAL, scoreOf, valueOf, type Evaluation, type MetricScores } from "../evaluate/evaluation";
import { formatFigure } from "../evaluate/format-scores";
import { leaksOf } from "../evaluate/warnings";

/** What one table's scores come to in one area. */
export interface Verdict {
  area: MetricScores["area"];
  level: Level;
  /** two or three words */
  headline: string;
  /** the figures that it rests on, each beside its yardstick */
  reasons: string[];
}

/** "unknown": there is nothing to tell from. */
export type Level = "good" | "fair" | "poor" | "unknown";

/** Of what real rows teach beyond shuffled labels, the share that synthetic rows teach. */
const USEFUL = { good: 0.95, fair: 0.75 };
/** How far below the yardstick's a score of shape or trend is. */
const SHORT = { good: 0.03, fair: 0.1 };
/** How far above the yardstick's the area under a detector's curve is. */
const DETECTED = { good: 0.1, fair: 0.25 };

const LEVELS: readonly Level[] = ["good", "fair", "poor"];
const TEXTS: Readonly<Record<MetricScores["area"], Readonly<Record<Level, string>>>> = {
  utility: {
    good: "as useful as real rows",
    fair: "useful, with losses",
    poor: "teaches little",
    unknown: "not measured",
  },
  fidelity: {
    good: "looks like real rows",
    fair: "much like real rows",
    poor: "unlike real rows",
    unknown: "not measured",
  },
  privacy: {
    good: "no leak found",
    fair: "no leak found, weak evidence",
    poor: "signs of a leak",
    unknown: "not measured",
  },
};

/** A verdict per area on one synthetic table, judged by what real rows score by the same metrics. */
export function verdictsOf(evaluation: Evaluation, table: string): Verdict[] {
  return [utility(evaluation, table), fidelity(evaluation, table), privacy(evaluation, table)];
}

function utility(evaluation: Evaluation, table: string): Verdict {
  const [value, real] = [table, REAL].map((name) => valueOf(evaluation, "learning-efficiency", name));
  if (value === undefined || real === undefined) return verdict("utility", "unknown", []);
  const floor = scoreOf(evaluation, "learning-efficiency", table)?.parts.floor ?? 0;
  const { title } = evaluation.metrics.find(({ name }) => name === "learning-efficiency")!;
  const reasons = [
    `${title}: ${formatFigure(value)}; from real rows ${formatFigure(real)}, from shuffled labels
    ${formatFigure(floor)}`,
  ];
  // Where real rows teach nothing, nothing can be told of others.
  if (real - floor < 0.02) return verdict("utility", "unknown", [...reasons, "real rows teach hardly more"]);
  const share = (value - floor) / (real - floor);
  return verdict("utility", share >= USEFUL.good ? "good" : share >= USEFUL.fair ? "fair" : "poor", reasons);
}

function fidelity(evaluation: Evaluation, table: string): Verdict {
  const found = [
    judge(evaluation, table, "column-shapes", SHORT, (value, real) => real - value),
    judge(evaluation, table, "pair-trends", SHORT, (value, real) => real - value),
    judge(
      evaluation,
      table,
      "detection",
      DETECTED,
      (value, real) => Math.max(0.5, value) - Math.max(0.5, real),
    ),
  ].filter((judged) => judged !== undefined);
  if (found.length === 0) return verdict("fidelity", "unknown", []);
  const worst = Math.max(...found.map(({ level }) => level));
  return verdict(
    "fidelity",
    LEVELS[worst]!,
    found.map(({ reason }) => reason),
  );
}

/** How far one metric falls short of the yardstick: 0 good, 1 fair, 2 poor. */
function judge(
  evaluation: Evaluation,
  table: string,
  metric: string,
  limits: { good: number; fair: number },
  short: (value: number, real: number) => number,
): { level: number; reason: string } | undefined {
  const [value, real] = [table, REAL].map((name) => valueOf(evaluation, metric, name));
  if (value === undefined || real === undefined) return undefined;
  const { title } = evaluation.metrics.find(({ name }) => name === metric)!;
  const by = short(value, real);
  return {
    level: by <= limits.good ? 0 : by <= limits.fair ? 1 : 2,
    reason: `${title}: ${formatFigure(value)}; real rows ${formatFigure(real)}`,
  };
}

/** Widest interval of the share closer to train that still says something. */
const WIDE = 0.2;

function privacy(evaluation: Evaluation, table: string): Verdict {
  const interval = scoreOf(evaluation, "closest-record", table)?.interval;
  const leaks = leaksOf(evaluation, table);
  if (leaks.length > 0) return verdict("privacy", "poor", leaks);
  if (!interval || interval[0] === null || interval[1] === null) return verdict("privacy", "unknown", []);
  const reasons = [
    ...figure(evaluation, table, "closest-record", "0.5 without a leak"),
    ...figure(evaluation, table, "membership", "0.5 without a leak"),
    ...figure(evaluation, table, "exact-copies", "real rows", REAL),
  ];
  return verdict("privacy", interval[1] - interval[0] <= WIDE ? "good" : "fair", [
    ...reasons,
    "what these attacks do not find others may",
  ]);
}

function figure(
  evaluation: Evaluation,
  table: string,
  metric: string,
  beside: string,
  of?: string,
): string[] {
  const value = valueOf(evaluation, metric, table);
  if (value === undefined) return [];
  const { title } = evaluation.metrics.find(({ name }) => name === metric)!;
  const yardstick = of === undefined ? "" : ` ${formatFigure(valueOf(evaluation, metric, of) ?? null)}`;
  return [`${title}: ${formatFigure(value)}; ${beside}${yardstick}`];
}

function verdict(area: Verdict["area"], level: Level, reasons: string[]): Verdict {
  return {
    area,
    level,
    headline: TEXTS[area][level],
    reasons: reasons.map((text) => text.replace(/\s+/g, " ")),
  };
}
