import { REAL, scoreOf, valueOf, type Evaluation } from "./evaluation";

/** Below: rows as close to training rows as copies are. A pure copy of 491 rows scores 0.03. */
const SUSPICIOUS_DETECTION = 0.4;
/** Widest half interval of a share that still says something. */
const WIDEST = 0.05;

/** Risks below may be chance: intervals take attacks to be independent, which those on rows alike are not. */
const CHANCE = 0.05;

/** What a reader of the scores must not overlook: tables too small for a claim, and signs of copying. */
export function findWarnings(evaluation: Evaluation): string[] {
  const rows = (role: string): number =>
    evaluation.tables
      .filter((table) => table.role === role)
      .reduce((sum, table) => Math.max(sum, table.rows), 0);
  return [
    ...smallTest(evaluation, rows("test")),
    ...evaluation.tables
      .filter(({ role }) => role === "synthetic")
      .flatMap(({ name, rows: n }) => [
        ...smallShare(evaluation, name, n),
        ...tooClose(evaluation, name),
        ...attacked(evaluation, name),
        ...remembered(evaluation, name),
        ...partial(evaluation, name),
      ]),
  ];
}

function smallTest(evaluation: Evaluation, nTest: number): string[] {
  const score = valueOf(evaluation, "learning-efficiency", REAL);
  if (evaluation.task !== "classification" || score === undefined) return [];
  const interval = 1.96 * Math.sqrt((score * (1 - score)) / nTest);
  if (interval <= WIDEST / 2) return [];
  return [`The test table has ${nTest} rows: differences of F1 below ${interval.toFixed(2)} may be chance.`];
}

function smallShare(evaluation: Evaluation, name: string, n: number): string[] {
  const share = valueOf(evaluation, "closest-record", name);
  if (share === undefined) return [];
  const compared = evaluation.tables.find(({ role }) => role === "holdout") ?? evaluation.tables[1]!;
  const interval = 1.96 * Math.sqrt(0.25 / Math.min(n, compared.rows));
  if (interval <= WIDEST) return [];
  return [
    `${name}: its share closer to train is uncertain by ${interval.toFixed(2)} ` +
      `(${n} synthetic rows, ${compared.rows} holdout rows).`,
  ];
}

function tooClose(evaluation: Evaluation, name: string): string[] {
  const area = valueOf(evaluation, "detection", name);
  const copies = valueOf(evaluation, "exact-copies", name) ?? 0;
  const chance = valueOf(evaluation, "exact-copies", REAL) ?? 0;
  const found: string[] = [];
  if (area !== undefined && area < SUSPICIOUS_DETECTION) {
    found.push(
      `${name}: detection of ${area.toFixed(2)} is a sign of rows copied from train, not of quality.`,
    );
  }
  if (copied(evaluation, name)) {
    found.push(
      `${name}: ${(100 * copies).toFixed(1)} % of its rows are training rows; ` +
        `of fresh real rows ${(100 * chance).toFixed(1)} % are.`,
    );
  }
  return found;
}

/** Signs of a leak in words: copies, and attacks that do better than chance beyond what their intervals allow. */
export function leaksOf(evaluation: Evaluation, name: string): string[] {
  const lowest = (metric: string): number => scoreOf(evaluation, metric, name)?.interval?.[0] ?? -Infinity;
  const highestReal = (metric: string): number => scoreOf(evaluation, metric, REAL)?.interval?.[1] ?? 0;
  return [
    ...(lowest("closest-record") > 0.5 ? ["rows lie closer to training rows than to rows never seen"] : []),
    ...(lowest("membership") > 0.5 ? ["training rows can be told from rows never seen"] : []),
    ...(["attribute-inference", "singling-out", "linkability"] as const)
      .filter((metric) => lowest(metric) > Math.max(CHANCE, highestReal(metric)))
      .map((metric) => `${ATTACKS[metric]} works better on training rows`),
    ...(copied(evaluation, name) ? ["more rows equal training rows than chance makes"] : []),
  ];
}

function copied(evaluation: Evaluation, name: string): boolean {
  const copies = valueOf(evaluation, "exact-copies", name) ?? 0;
  return copies > 2 * (valueOf(evaluation, "exact-copies", REAL) ?? 0) + 0.01;
}

function attacked(evaluation: Evaluation, name: string): string[] {
  const found = leaksOf(evaluation, name);
  if (found.length > 0) return [`${name}: signs of a leak: ${found.join("; ")}.`];
  if (scoreOf(evaluation, "closest-record", name)?.interval === null) return [];
  return [`${name}: no attack tried here found a leak; that makes none likely, it does not prove privacy.`];
}

/** What whoever has the model can tell, which its rows alone need not give away. */
function remembered(evaluation: Evaluation, name: string): string[] {
  const score = scoreOf(evaluation, "loss-membership", name);
  if (!((score?.interval?.[0] ?? 0) > 0.5)) return [];
  return [
    `${name}: the model that drew it finds training rows likelier than rows never seen ` +
      `(AUC ${score!.value!.toFixed(2)}): keep the model as private as the rows it learned from.`,
  ];
}

const ATTACKS = {
  "attribute-inference": "guessing an unknown cell",
  "singling-out": "singling out a row",
  linkability: "linking two halves of a row",
};

/** Notes on headlines that are missing or were computed on fewer rows; one that several share stands once. */
function partial(evaluation: Evaluation, name: string): string[] {
  const titles = new Map<string, string[]>();
  for (const { title, scores } of evaluation.metrics) {
    for (const note of scores.find(({ table }) => table === name)?.notes ?? []) {
      titles.set(note, [...(titles.get(note) ?? []), title]);
    }
  }
  return [...titles].map(([note, those]) => `${name}: ${those.join(", ")}: ${note}.`);
}
