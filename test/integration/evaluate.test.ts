import { evaluate, type EvaluateOptions } from "../../src/evaluate/evaluate";
import { evaluationSchema, valueOf, type Evaluation } from "../../src/evaluate/evaluation";
import { formatScores } from "../../src/evaluate/format-scores";
import type { Column } from "../../src/table/columns";
import { selectRows } from "../../src/table/convert";
import { makePeople, numbers, schemaOf, shuffleColumns } from "../support/people";

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
  expect(Math.abs(copy.value! - copy.parts.copying!)).toBeLessThan(0.03);
  expect(evaluation.warnings.join("\n")).toMatch(/copy: detection of 0\.\d+ is a sign of rows copied/);
  expect(evaluation.warnings.join("\n")).toMatch(/copy: 100.0 % of its rows are training rows/);
});

test("fresh real rows pass everything", () => {
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
  expect(lines.find((line) => line.startsWith("Exact copies"))).toMatch(
    /lower +0\.\d{3} +1\.000 +0\.\d{3} +0\.\d{3}$/,
  );
  expect(formatScores(evaluation, { parts: false }).split("\n").length).toBeLessThan(lines.length);
});
