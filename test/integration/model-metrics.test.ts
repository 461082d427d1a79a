import { join } from "node:path";
import { REAL } from "../../src/evaluate/evaluation";
import { evaluate } from "../../src/evaluate/evaluate";
import { scoreOf, type Evaluation } from "../../src/evaluate/evaluation";
import { dataLeakage } from "../../src/evaluate/metrics/data-leakage";
import { llmEfficiency, type LlmEfficiencyOptions } from "../../src/evaluate/metrics/llm-efficiency";
import { lossMembership } from "../../src/evaluate/metrics/loss-membership";
import { ModelLosses } from "../../src/evaluate/model-losses";
import { Random } from "../../src/random";
import { rowCount, type Column } from "../../src/table/columns";
import { RowLikelihood } from "../../src/train/likelihood";
import { train } from "../../src/train/train";
import { categories, makePeople, numbers, schemaOf } from "../support/people";
import { temporaryFolder } from "../support/temporary";
import { writeTinyGguf } from "../support/tiny-gguf";
import { trainOptions } from "../support/train";

const folder = temporaryFolder();
const base = join(folder, "base.gguf");
beforeAll(() => writeTinyGguf(base));

describe("likelihoods of rows", () => {
  const ages = [3, 14, 15, NaN];
  const rows = ages.flatMap((age) => [0, 1, 2, -1].map((group) => ({ age, group })));
  const columns: Column[] = [
    numbers(
      "age",
      rows.map(({ age }) => age),
    ),
    categories(
      "group",
      ["low", "lower", "high"],
      rows.map(({ group }) => group),
    ),
  ];
  const small = schemaOf(columns);
  const [age, group] = small.fields;
  // Ages of 14 and 15 and a missing one are all that there is.
  const schema = {
    fields: [{ ...age!, constraints: { required: false, minimum: 14, maximum: 15 } }, group!],
  } as typeof small;

  it.each([["compact"], ["dict"], ["text"]] as const)(
    "are those of the valid rows in format %s: together 1 in every order, and none of others",
    async (format) => {
      const likelihood = await RowLikelihood.open({
        ...{ schema, columns, format, description: "", base, threads: 1, weights: "f32", anyOrder: true },
      });
      for (const order of [undefined, [1, 0]]) {
        const { nats, cells, nTokens } = await likelihood.of(columns, order);
        const fit = rows.map(({ age }) => age !== 3);
        expect(Array.from(nats, (x) => !Number.isNaN(x))).toEqual(fit);
        const total = nats.filter((x) => !Number.isNaN(x)).reduce((sum, x) => sum + Math.exp(-x), 0);
        expect(total).toBeCloseTo(1, 4);
        expect(cells[8]! + cells[9]!).toBeCloseTo(nats[4]!, 5);
        expect(nTokens[4]).toBeGreaterThan(1);
      }
      likelihood.close();
      likelihood.close();
    },
  );

  it("end with E_ABORTED when interrupted", async () => {
    const likelihood = await RowLikelihood.open({
      ...{ schema, columns, format: "compact", description: "", base, threads: 1 },
    });
    await expect(likelihood.of(columns, undefined, AbortSignal.abort())).rejects.toMatchObject({
      code: "E_ABORTED",
    });
    likelihood.close();
  });
});

describe("a model that knows its rows by heart", () => {
  const options = trainOptions(folder, "adapter", base, {
    ...{ rank: 16, epochs: 60, batch: 4, learningRate: 5e-3, threads: 1, weights: "f32" },
  });
  const tables = {
    ...{
      schema: options.schema,
      train: options.columns,
      test: makePeople(60, 3),
      holdout: makePeople(60, 4),
    },
    synthetic: [
      { name: "own", columns: makePeople(40, 5) },
      { name: "other", columns: makePeople(40, 6) },
    ],
  };
  let evaluation: Evaluation;

  beforeAll(async () => {
    await train({ ...options, k: 0 });
    const { schema, columns, format, description, adapter } = options;
    const losses = new ModelLosses({
      ...{ model: { schema, columns, format, description, adapter }, base, tables },
      ...{ drawn: "own", rows: 50, nOrders: 2, seed: 1, threads: 2 },
    });
    const extra = [dataLeakage(losses), lossMembership(losses)];
    evaluation = await evaluate({ ...tables, extra, metrics: extra.map(({ name }) => name) });
  });

  it("is found out by the data leakage test, where rows never seen are not", () => {
    const own = scoreOf(evaluation, "data-leakage", "own")!;
    expect(own.interval![1]).toBeLessThan(0);
    expect(own.value).toBeCloseTo(own.parts.train! - own.parts.holdout!, 9);
    expect(own.parts.original).toBeLessThan(0);
    expect(own.parts.calibrated).toBeLessThan(-0.1);
    expect(own.parts.synthetic).toBeGreaterThan(own.parts.train!);
    const real = scoreOf(evaluation, "data-leakage", REAL)!;
    expect(real.interval![0]).toBeLessThan(0);
    expect(real.interval![1]).toBeGreaterThan(0);
    expect(own.detail).toMatchObject({ members: 24, others: 50, nOrders: 2 });
  });

  it("tells members from others by its losses", () => {
    const own = scoreOf(evaluation, "loss-membership", "own")!;
    expect(own.interval![0]).toBeGreaterThan(0.8);
    expect(own.parts.calibrated).toBeGreaterThan(0.8);
    expect(own.parts.found).toBeGreaterThan(0.2);
    const real = scoreOf(evaluation, "loss-membership", REAL)!;
    expect(Math.abs(real.value! - 0.5)).toBeLessThan(0.2);
    expect(own.notes.join()).toContain("only 24 rows of each kind");
    expect(evaluation.warnings.join("\n")).toMatch(
      /own: the model that drew it finds training rows likelier/,
    );
  });

  it("says nothing of rows that it did not draw", () => {
    for (const metric of ["data-leakage", "loss-membership"]) {
      expect(scoreOf(evaluation, metric, "other")).toMatchObject({
        value: null,
        notes: [expect.any(String)],
      });
    }
  });
});

describe("LLE", () => {
  /** The answer is what the colour says; the number says nothing. */
  function colours(n: number, seed: number, isRight = true): Column[] {
    const random = new Random(seed);
    const colour = Array.from({ length: n }, () => random.nextInt(3));
    return [
      numbers(
        "size",
        colour.map(() => random.nextInt(100)),
      ),
      categories(
        "answer",
        ["no", "yes"],
        isRight ? colour.map((c) => (c === 1 ? 1 : 0)) : colour.map(() => random.nextInt(2)),
      ),
      categories("colour", ["red", "blue", "green"], colour),
    ];
  }
  const tables = {
    schema: schemaOf(colours(1, 1), "answer"),
    ...{ train: colours(60, 1), test: colours(80, 2) },
    synthetic: [
      { name: "good", columns: colours(60, 3) },
      { name: "wrong", columns: colours(60, 4, false) },
    ],
  };
  const options: LlmEfficiencyOptions = {
    ...{ tables, base, seed: 1, threads: 2 },
    settings: { epochs: 15, learningRate: 5e-3 },
  };

  it("predicts a target that is a function of a column, from real and synthetic rows alike", async () => {
    const metric = llmEfficiency(options);
    const evaluation = await evaluate({ ...tables, extra: [metric], metrics: [metric.name] });
    const score = (name: string) => scoreOf(evaluation, metric.name, name)!;
    for (const name of [REAL, "good"]) {
      expect(score(name).parts.accuracy).toBeGreaterThan(0.95);
      expect(score(name).value).toBeGreaterThan(0.95);
    }
    expect(score("wrong").parts.accuracy).toBeLessThan(0.9);
    expect(score("good").detail).toMatchObject({ epochs: 15, rows: 60, testRows: rowCount(tables.test) });
  });

  it("refuses a target that is no category, and none", () => {
    for (const target of ["size", undefined]) {
      const schema = schemaOf(tables.train, target);
      expect(() => llmEfficiency({ ...options, tables: { ...tables, schema } })).toThrow(
        expect.objectContaining({ code: "E_USAGE", hint: expect.stringContaining("--lle") as string }),
      );
    }
  });
});
