import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { cellsOf } from "../../src/evaluate/cells";
import { createContext } from "../../src/evaluate/context";
import { evaluate } from "../../src/evaluate/evaluate";
import { scoreOf } from "../../src/evaluate/evaluation";
import { encodeAlone } from "../../src/evaluate/compat-encoding";
import { examplesOf } from "../../src/evaluate/examples";
import { learnerKinds } from "../../src/evaluate/learners";
import {
  classificationEfficiency,
  regressionEfficiency,
} from "../../src/evaluate/metrics/learning-efficiency";
import { readTables } from "../../src/evaluate/read-tables";
import { tune } from "../../src/evaluate/tune";
import { rowCount, selectRows, type Column } from "../../src/table/columns";
import { taskOf } from "../../src/table/infer";
import type { TableSchema } from "../../src/table/schema";
import { isNumberField } from "../../src/table/schema";
import reference from "./reference/learners.json";
import { referenceTables } from "./reference-tables";

// Values by learners.py, from scikit-learn and XGBoost's Python package.
const ROOT = resolve(__dirname, "../..");
const SHARED = resolve(ROOT, "../shared/data");

type Name = Extract<keyof typeof reference.tables, string>;

const rows = (table: Column[], from: number, to: number): Column[] =>
  selectRows(
    table,
    Int32Array.from({ length: to - from }, (_, i) => from + i),
  );

/** The rows that learners.py took, in the schema of them all. */
async function tablesOf(name: Name): Promise<{ schema: TableSchema; train: Column[]; test: Column[] }> {
  const { target, train: nTrain, test: nTest } = reference.tables[name];
  if (name.startsWith("example")) {
    const path = join(ROOT, "examples/diabetes.csv");
    const { schema, train: all } = await readTables({ train: path, test: path, synthetic: [] }, { target });
    const n = rowCount(all);
    return { schema, train: rows(all, 0, nTrain), test: rows(all, n - nTest, n) };
  }
  const at = (part: string): string => join(SHARED, name, `${part}.csv`);
  const paths = { train: at("train"), test: at("test"), synthetic: [] };
  const { schema, train, test } = await readTables(paths, { target });
  return { schema, train: rows(train, 0, nTrain), test: rows(test, 0, nTest) };
}

for (const name of Object.keys(reference.tables) as Name[]) {
  const isHere = name.startsWith("example") || existsSync(join(SHARED, name));
  if (!isHere) console.warn(`no ${join(SHARED, name)}: learners are not compared on ${name}`);

  (isHere ? test : test.skip)(
    `${name}: linear models and SVM within 0.01 of scikit-learn's, forests and boosted trees within 0.02`,
    async () => {
      const tables = await tablesOf(name);
      const expected = reference.tables[name];
      const isNumber = tables.schema.fields.filter((field) => isNumberField(field));
      expect(isNumber.map((field) => field.name).filter((field) => field !== expected.target)).toEqual(
        expected.numbers,
      );
      const regression = taskOf(tables.schema) === "regression";
      const efficiency = regression ? regressionEfficiency : classificationEfficiency;
      const results = [];
      for (let seed = 0; seed < expected.seeds; seed++) {
        const context = createContext({ ...tables, seed, threads: 2 });
        results.push(await efficiency.compute(cellsOf(tables.train), context, tables.train, name));
      }
      const far: Record<string, [number, number]> = {};
      for (const [key, wanted] of Object.entries<number>(expected.scores)) {
        const got = results.reduce((sum, { parts }) => sum + parts![key]! / results.length, 0);
        // errors in the target's unit are compared relative to the expected one
        const scale = key.endsWith("rmse") ? wanted : 1;
        const tolerance = /^(xgboost|random-forest)/.test(key) ? 0.02 : 0.01;
        if (!(Math.abs(got - wanted) / scale <= tolerance)) far[key] = [got, wanted];
      }
      expect(far).toEqual({});
    },
    300_000,
  );
}

describe("settings chosen by five folds", () => {
  /** How much worse than the best by GridSearchCV: nothing, or what another forest differs by. */
  const tolerance: Record<string, number> = { "logistic-regression": 1e-9, "random-forest": 0.02 };
  const FEATURES = ["age", "pay", "hours", "job", "town", "buys"];
  const all = referenceTables(FEATURES, "buys");
  const [train, test_, synthetic] = [all.train, all.test, all.synthetic].map((table) => rows(table, 0, 250));
  const { schema } = all;

  test.each(learnerKinds("classification", 250))(
    "$key: the paper's grid, in which the choice is as good as GridSearchCV's",
    async (kind) => {
      const grid = reference.grid[kind.key as keyof typeof reference.grid];
      const settings = (list: readonly { learner: string; parameters: object }[]): string[] =>
        list
          .map(({ learner, parameters }) => JSON.stringify([learner, Object.entries(parameters).sort()]))
          .sort();
      expect(settings(kind.grid)).toEqual(settings(grid));
      const context = createContext({ schema, train: train!, test: test_!, seed: 1, threads: 2 });
      const features = cellsOf(train!).filter(({ name }) => name !== "buys");
      const examples = {
        ...examplesOf(cellsOf(train!), context),
        x: encodeAlone(features),
        d: features.length,
      };
      const chosen = await tune(kind, examples, context);
      const found = grid.find((setting) => settings([setting])[0] === settings([chosen])[0])!;
      const best = Math.max(...grid.map(({ score }) => score));
      const worst = Math.min(...grid.map(({ score }) => score));
      expect(best - worst).toBeGreaterThan(0.01);
      expect(found.score).toBeGreaterThanOrEqual(best - (tolerance[kind.key] ?? 0.01));
    },
  );

  test("the original's MLE, by a plain transcription: within 0.02", async () => {
    const evaluation = await evaluate({
      ...{ schema, train: train!, test: test_! },
      ...{
        synthetic: [{ name: "synthetic", columns: synthetic! }],
        compat: true,
        metrics: ["compat-learning"],
      },
    });
    const { value, parts } = scoreOf(evaluation, "compat-learning", "synthetic")!;
    expect(Math.abs(value! - reference.original.value)).toBeLessThan(0.02);
    expect(Math.abs(parts.mcc! - reference.original.mcc)).toBeLessThan(0.04);
  });
});
