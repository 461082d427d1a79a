import { evaluate, type EvaluateOptions } from "../../src/evaluate/evaluate";
import { evaluationSchema, scoreOf, valueOf, type Evaluation } from "../../src/evaluate/evaluation";
import { formatScores } from "../../src/evaluate/format-scores";
import { scoresCsv } from "../../src/evaluate/scores-csv";
import { selectRows, type Column } from "../../src/table/columns";
import { Random } from "../../src/random";
import { categories, makePeople, numbers, schemaOf, shuffleColumns } from "../support/people";

const people = makePeople(1400, 1);
const rows = (from: number, to: number): Column[] =>
  selectRows(
    people,
    Int32Array.from({ length: to - from }, (_, i) => from + i),
  );
const train = rows(0, 600);
const test_ = rows(600, 800);
const holdout = rows(800, 1100);
const fresh = rows(1100, 1400);
const tables: Omit<EvaluateOptions, "synthetic"> = {
  schema: schemaOf(people, "label"),
  train,
  test: test_,
  holdout,
  seed: 3,
};

let evaluation: Evaluation;

beforeAll(async () => {
  evaluation = await evaluate({
    ...tables,
    synthetic: [
      { name: "copy", columns: train },
      { name: "fresh", columns: fresh },
      { name: "shuffled", columns: shuffleColumns(train, 4) },
    ],
  });
});

const value = (metric: string, table: string): number => valueOf(evaluation, metric, table)!;
const intervalOf = (metric: string, table: string): string =>
  scoreOf(evaluation, metric, table)!.interval!.join();

/** People with five more numbers and two more categories that depend on nothing. */
function makeWide(n: number, seed: number): Column[] {
  const random = new Random(seed);
  const draw = (below: number): number[] => Array.from({ length: n }, () => random.nextInt(below));
  const more = Array.from({ length: 5 }, (_, i) => numbers(`n${i}`, draw(1000)));
  const kinds = ["x", "y"].map((name) => categories(name, ["a", "b", "c", "d", "e"], draw(5)));
  return [...makePeople(n, seed), ...more, ...kinds];
}

/** The rows of one column above those of another. */
function joinColumns(a: Column, b: Column): Column {
  if (a.kind === "category" && b.kind === "category")
    return { ...a, codes: Int32Array.of(...a.codes, ...b.codes) };
  if (a.kind === "number" && b.kind === "number")
    return { ...a, scaled: Float64Array.of(...a.scaled, ...b.scaled) };
  throw new TypeError("columns of two kinds");
}

test("the evaluation has the documented structure and survives JSON", () => {
  expect(evaluationSchema.parse(JSON.parse(JSON.stringify(evaluation)))).toEqual(evaluation);
  expect(evaluation.metrics.map(({ name }) => name)).toEqual([
    "learning-efficiency",
    "importance",
    "column-shapes",
    "pair-trends",
    "three-way",
    "coverage",
    "missing-patterns",
    "detection",
    "alpha-precision",
    "propensity",
    "closest-record",
    "neighbour-ratio",
    "exact-copies",
    "new-rows",
    "membership",
    "attribute-inference",
    "singling-out",
    "linkability",
  ]);
  expect(evaluation.metrics[0]!.scores.map(({ table }) => table)).toEqual([
    "real",
    "copy",
    "fresh",
    "shuffled",
  ]);
});

test("a copy of the training rows is as useful as they are, and is found out", () => {
  expect(value("learning-efficiency", "copy")).toBe(value("learning-efficiency", "real"));
  expect(value("column-shapes", "copy")).toBe(1);
  expect(value("pair-trends", "copy")).toBe(1);
  expect(value("exact-copies", "copy")).toBe(1);
  expect(value("detection", "copy")).toBeLessThan(0.3);
  const share = evaluation.metrics.find(({ name }) => name === "closest-record")!;
  const copy = share.scores.find(({ table }) => table === "copy")!;
  expect(copy.value).toBeGreaterThan(0.65);
  expect(copy.value).toBeCloseTo(copy.parts.copying!, 9);
  expect(evaluation.warnings.join("\n")).toMatch(/copy: detection of 0\.\d+ is a sign of rows copied/);
  expect(evaluation.warnings.join("\n")).toMatch(/copy: 100.0 % of its rows are training rows/);
});

test("a copy of the training rows is found by every attack", () => {
  expect(value("new-rows", "copy")).toBe(0);
  expect(value("neighbour-ratio", "copy")).toBe(0);
  const membership = scoreOf(evaluation, "membership", "copy")!;
  expect(membership.value).toBeGreaterThan(0.95);
  expect(membership.parts.found).toBeGreaterThan(0.9);
  expect(membership.parts["density-found"]).toBeGreaterThan(0.9);
  expect(scoreOf(evaluation, "attribute-inference", "copy")!.interval![0]).toBeGreaterThan(0.1);
  expect(scoreOf(evaluation, "singling-out", "copy")!.interval![0]).toBeGreaterThan(0.1);
  expect(scoreOf(evaluation, "alpha-precision", "copy")!.parts.authenticity).toBe(0);
  expect(scoreOf(evaluation, "closest-record", "copy")!.parts.significance).toBeLessThan(1e-6);
  expect(evaluation.warnings.join("\n")).toMatch(/copy: signs of a leak: rows lie closer/);
});

describe("a wide table half copied from train", () => {
  const wide = makeWide(1500, 7);
  const part = (from: number, to: number): Column[] =>
    selectRows(
      wide,
      Int32Array.from({ length: to - from }, (_, i) => from + i),
    );
  const half = part(0, 300).map((column, c): Column => joinColumns(column, part(600, 900)[c]!));
  let found: Evaluation;
  beforeAll(async () => {
    found = await evaluate({
      schema: schemaOf(wide, "label"),
      train: part(0, 600),
      test: part(900, 1200),
      holdout: part(1200, 1500),
      synthetic: [
        { name: "half", columns: half },
        { name: "fresh", columns: part(600, 900) },
      ],
    });
  });

  test("is found by every attack, with the true positives to show it", () => {
    const membership = scoreOf(found, "membership", "half")!;
    // half of the members are copied: all of those are found, and of the others as many as of rows never seen
    expect(membership.parts.found).toBeGreaterThan(0.45);
    expect(membership.parts["density-found"]).toBeGreaterThan(0.45);
    for (const metric of ["membership", "closest-record"]) {
      expect(scoreOf(found, metric, "half")!.interval![0]).toBeGreaterThan(0.5);
    }
    for (const attack of ["attribute-inference", "singling-out", "linkability"]) {
      expect(scoreOf(found, attack, "half")!.interval![0]).toBeGreaterThan(0.1);
    }
    expect(valueOf(found, "exact-copies", "half")).toBe(0.5);
    expect(valueOf(found, "new-rows", "half")).toBe(0.5);
    expect(found.warnings.join("\n")).toMatch(/half: signs of a leak: .*linking two halves/);
  });

  test("where rows never seen are not", () => {
    expect(scoreOf(found, "membership", "fresh")!.parts.found).toBeLessThan(0.05);
    for (const attack of ["attribute-inference", "singling-out", "linkability"]) {
      expect(scoreOf(found, attack, "fresh")!.interval![0]).toBeLessThan(0.03);
    }
    expect(found.warnings.join("\n")).toMatch(/fresh: no attack tried here found a leak/);
  });
});

test("each headline lies in its interval", () => {
  for (const { scores } of evaluation.metrics) {
    for (const { value, interval } of scores) {
      if (value === null || interval === null) continue;
      expect(interval[0]).toBeLessThanOrEqual(value);
      expect(interval[1]).toBeGreaterThanOrEqual(value);
    }
  }
});

test("all figures as CSV", () => {
  const lines = scoresCsv(evaluation).split("\n");
  expect(lines[0]).toBe("area,metric,part,title,better,table,value,low,high");
  expect(lines).toContain(
    "privacy,exact-copies,,Exact copies,lower,copy,1," + intervalOf("exact-copies", "copy"),
  );
  const figures = evaluation.metrics.flatMap(({ parts, scores }) => scores.flatMap(() => [0, ...parts]));
  expect(lines).toHaveLength(figures.length + 2);
});

test("the original's own figures come on request", async () => {
  const synthetic = [{ name: "fresh", columns: rows(1100, 1200) }];
  const small = { ...tables, train: rows(0, 100), test: rows(600, 700), holdout: undefined };
  const result = await evaluate({ ...small, synthetic, compat: true });
  expect(result.metrics.slice(-2).map(({ name }) => name)).toEqual(["compat-learning", "compat-distance"]);
  expect(valueOf(result, "compat-learning", "fresh")).toBeGreaterThan(0.6);
  expect(valueOf(result, "compat-distance", "fresh")).toBeGreaterThan(0);
});

test("fresh real rows pass everything", () => {
  expect(scoreOf(evaluation, "closest-record", "fresh")!.interval![0]).toBeLessThan(0.5);
  expect(scoreOf(evaluation, "closest-record", "fresh")!.interval![1]).toBeGreaterThan(0.5);
  expect(Math.abs(value("membership", "fresh") - 0.5)).toBeLessThan(0.06);
  expect(scoreOf(evaluation, "membership", "fresh")!.parts.found).toBeLessThan(0.05);
  for (const attack of ["attribute-inference", "singling-out", "linkability"]) {
    expect(scoreOf(evaluation, attack, "fresh")!.interval![0]).toBeLessThan(0.05);
  }
  expect(scoreOf(evaluation, "propensity", "fresh")!.parts.ratio).toBeLessThan(3);
  expect(value("alpha-precision", "fresh")).toBeGreaterThan(0.9);
  expect(value("importance", "fresh")).toBeGreaterThan(0.4);
  expect(value("learning-efficiency", "fresh")).toBeGreaterThan(value("learning-efficiency", "real") - 0.06);
  expect(value("column-shapes", "fresh")).toBeGreaterThan(0.9);
  expect(value("pair-trends", "fresh")).toBeGreaterThan(0.9);
  expect(Math.abs(value("closest-record", "fresh") - 0.5)).toBeLessThan(0.08);
  expect(Math.abs(value("detection", "fresh") - 0.5)).toBeLessThan(0.1);
  expect(value("exact-copies", "fresh")).toBeLessThan(0.01);
});

test("shuffled columns keep their shapes and nothing else", () => {
  expect(value("column-shapes", "shuffled")).toBe(1);
  expect(value("pair-trends", "shuffled")).toBeLessThan(0.8);
  expect(value("detection", "shuffled")).toBeGreaterThan(0.9);
  expect(value("learning-efficiency", "shuffled")).toBeLessThan(0.75);
  expect(value("three-way", "shuffled")).toBeLessThan(value("three-way", "fresh") - 0.1);
  expect(value("coverage", "shuffled")).toBe(1);
  expect(value("propensity", "shuffled")).toBeGreaterThanOrEqual(0);
});

test("the same seed gives the same figures", async () => {
  const again = await evaluate({ ...tables, synthetic: [{ name: "fresh", columns: fresh }] });
  for (const metric of again.metrics) {
    const before = evaluation.metrics.find(({ name }) => name === metric.name)!;
    const of = (scores: typeof metric): unknown => scores.scores.find(({ table }) => table === "fresh");
    expect(of(metric)).toEqual(of(before));
  }
});

test("a numeric target is regression, no target leaves learning out", async () => {
  const synthetic = [{ name: "fresh", columns: fresh }];
  const regression = await evaluate({ ...tables, schema: schemaOf(people, "income"), synthetic });
  expect(valueOf(regression, "learning-efficiency", "real")).toBeGreaterThan(0.6);
  expect(regression.metrics[0]!.parts.map(({ key }) => key)).toContain("logistic-regression-rmse");
  const none = await evaluate({ ...tables, schema: schemaOf(people), synthetic });
  expect(none.metrics[0]!.name).toBe("column-shapes");
});

test("without a holdout the test rows stand in, and one half of them is scored against the other", async () => {
  const result = await evaluate({
    ...tables,
    holdout: undefined,
    synthetic: [{ name: "fresh", columns: fresh }],
  });
  expect(Math.abs(valueOf(result, "closest-record", "real")! - 0.5)).toBeLessThan(0.15);
  expect(Math.abs(valueOf(result, "membership", "real")! - 0.5)).toBeLessThan(0.2);
  expect(Math.abs(valueOf(result, "closest-record", "fresh")! - 0.5)).toBeLessThan(0.1);
});

test.each([
  ["a holdout", holdout, holdout],
  ["the test rows in its place", test_, undefined],
])("%s as the synthetic table is no leak", async (_, columns, held) => {
  const synthetic = [{ name: "unseen", columns }];
  const result = await evaluate({ ...tables, holdout: held, synthetic });
  const share = scoreOf(result, "closest-record", "unseen")!;
  expect(share.interval![0]).toBeLessThan(0.5);
  expect(share.interval![1]).toBeGreaterThan(0.5);
  expect(share.notes.join()).toMatch(/never seen/);
  expect(Math.abs(valueOf(result, "membership", "unseen")! - 0.5)).toBeLessThan(0.12);
  for (const attack of ["attribute-inference", "singling-out", "linkability"]) {
    expect(scoreOf(result, attack, "unseen")!.interval![0]).toBeLessThan(0.05);
  }
  expect(result.warnings.join("\n")).toMatch(/unseen: no attack tried here found a leak/);
});

test("rows of one class or with no value in a column are scored, with a warning", async () => {
  const one = fresh.map((column) =>
    column.kind === "category" && column.name === "label"
      ? { ...column, codes: column.codes.map(() => 1) }
      : column,
  );
  const empty = fresh.map((column) =>
    column.name === "age" ? numbers("age", Array<number>(300).fill(NaN)) : column,
  );
  const result = await evaluate({
    ...tables,
    synthetic: [
      { name: "one", columns: one },
      { name: "empty", columns: empty },
      { name: "few", columns: rows(0, 5) },
    ],
  });
  expect(result.warnings.join("\n")).toMatch(
    /one: MLE: weighted F1: the rows hold one value of the target only/,
  );
  expect(result.warnings.join("\n")).toMatch(/few: Detection: fewer than 10 rows/);
  expect(valueOf(result, "learning-efficiency", "one")).toBeLessThan(0.6);
  expect(valueOf(result, "column-shapes", "empty")).toBeGreaterThan(0);
  expect(valueOf(result, "detection", "few")).toBeUndefined();
});

test("an interrupted evaluation ends with E_ABORTED", async () => {
  const controller = new AbortController();
  const running = evaluate({
    ...tables,
    synthetic: [{ name: "fresh", columns: fresh }],
    signal: controller.signal,
    onProgress: ({ done }) => done === 2 && controller.abort(),
  });
  await expect(running).rejects.toMatchObject({ code: "E_ABORTED" });
});

test("tables without names, rows or the right columns are refused", async () => {
  const refuse = (synthetic: EvaluateOptions["synthetic"]): Promise<unknown> =>
    expect(evaluate({ ...tables, synthetic })).rejects.toMatchObject({
      code: expect.stringMatching(/^E_(USAGE|INPUT)$/),
    });
  await refuse([]);
  await refuse([{ name: "real", columns: fresh }]);
  await refuse([
    { name: "a", columns: fresh },
    { name: "a", columns: fresh },
  ]);
  await refuse([{ name: "a", columns: fresh.slice(1) }]);
  await refuse([{ name: "a", columns: rows(5, 5) }]);
});

test("the table for the terminal has a column for each table and a line for each figure", () => {
  const lines = formatScores(evaluation).split("\n");
  expect(lines[0]).toMatch(/^ +better +real +copy +fresh +shuffled$/);
  expect(lines.find((line) => line.startsWith("Exact copies"))).toMatch(/lower( +[01]\.\d{3} ±0\.\d{3}){4}$/);
  expect(formatScores(evaluation, { parts: false }).split("\n").length).toBeLessThan(lines.length);
});
