import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { cellsOf } from "../../src/evaluate/cells";
import { createContext } from "../../src/evaluate/context";
import { evaluate } from "../../src/evaluate/evaluate";
import type { Evaluation, Score } from "../../src/evaluate/evaluation";
import {
  classificationEfficiency,
  regressionEfficiency,
} from "../../src/evaluate/metrics/learning-efficiency";
import { readTables } from "../../src/evaluate/read-tables";
import reference from "./reference/evaluate.json";
import { COLUMNS, referenceTables } from "./reference-tables";

// Tables and values by evaluate.py, from SDMetrics, scikit-learn and XGBoost's Python package.
const FEATURES = ["age", "pay", "hours", "job", "town"];
const SEEDS = [0, 1, 2, 3, 4];

function scoreOf(evaluation: Evaluation, metric: string, table: string): Score {
  return evaluation.metrics
    .find(({ name }) => name === metric)!
    .scores.find((score) => score.table === table)!;
}

describe("SDMetrics' scores, and the original's", () => {
  let evaluation: Evaluation;
  beforeAll(async () => {
    const { schema, train, test, synthetic, copied } = referenceTables(COLUMNS);
    const tables = [
      { name: "synthetic", columns: synthetic },
      { name: "copied", columns: copied },
    ];
    evaluation = await evaluate({ schema, train, test, synthetic: tables, compat: true });
  });

  test("each column's shape, within 1e-9", () => {
    const { columns } = scoreOf(evaluation, "column-shapes", "synthetic").detail;
    for (const { name, score } of columns as { name: string; score: number }[]) {
      expect(score).toBeCloseTo(reference.shapes[name as keyof typeof reference.shapes], 9);
    }
  });

  test("each pair's trend with shared bins, within 1e-9", () => {
    const { pairs } = scoreOf(evaluation, "pair-trends", "synthetic").detail;
    expect(pairs).toHaveLength(reference.trends.length);
    (pairs as { columns: string[]; score: number }[]).forEach(({ columns, score }, i) => {
      expect(columns).toEqual(reference.trends[i]!.columns);
      expect(score).toBeCloseTo(reference.trends[i]!.score, 9);
    });
  });

  test("NewRowSynthesis, within 1e-9", () => {
    expect(reference.newRows.copied).toBeLessThan(0.9); // some rows are copies
    for (const name of ["synthetic", "copied"] as const) {
      expect(scoreOf(evaluation, "new-rows", name).value).toBeCloseTo(reference.newRows[name], 9);
    }
  });

  test("the quality report's column shapes, and its pair trends above the threshold, within 1e-9", () => {
    const report = reference.report as Record<string, number>;
    expect(scoreOf(evaluation, "column-shapes", "synthetic").value).toBeCloseTo(report["Column Shapes"]!, 9);
    expect(scoreOf(evaluation, "pair-trends", "synthetic").parts.sdmetrics).toBeCloseTo(
      report["Column Pair Trends"]!,
      9,
    );
  });

  test("the original's distances by a plain transcription, within 1e-4 of single precision", () => {
    const { value, parts } = scoreOf(evaluation, "compat-distance", "synthetic");
    for (const [key, expected] of Object.entries(reference.original)) {
      expect(key === "value" ? value! : parts[key]!).toBeCloseTo(expected, 4);
    }
  });
});

const DIABETES = resolve(__dirname, "../../../shared/data/diabetes");
const hasDiabetes = existsSync(DIABETES);
if (!hasDiabetes) console.warn(`no ${DIABETES}: its pair trends are not compared with SDMetrics' report`);

(hasDiabetes ? test : test.skip)(
  "real diabetes rows score .934 against real ones by all pairs, and .734 by SDMetrics' report",
  async () => {
    const [train, val] = ["train.csv", "val.csv"].map((name) => join(DIABETES, name)) as [string, string];
    const paths = { train, test: val, synthetic: [{ name: "val", path: val }] };
    const tables = await readTables(paths, { target: "Outcome" });
    const { value, parts } = scoreOf(
      await evaluate({ ...tables, metrics: ["pair-trends"] }),
      "pair-trends",
      "val",
    );
    expect(value).toBeCloseTo(0.934, 3);
    expect(parts.sdmetrics).toBeCloseTo(0.734, 3);
  },
);

describe.each(["buys", "kind", "spends"] as const)("learners that predict %s", (target) => {
  const tables = referenceTables([...FEATURES, target], target);
  const efficiency = target === "spends" ? regressionEfficiency : classificationEfficiency;
  const learnt = { real: tables.train, synthetic: tables.synthetic };

  test.each(["real", "synthetic"] as const)(
    "trained on %s rows: linear models and SVM within 0.01 of scikit-learn's, forests and boosted trees within 0.02",
    async (name) => {
      const results = [];
      for (const seed of SEEDS) {
        const context = createContext({ ...tables, seed, threads: 2 });
        results.push(await efficiency.compute(cellsOf(learnt[name]), context, learnt[name], name));
      }
      for (const [key, expected] of Object.entries<number>(reference.learning[target][name])) {
        const got = results.reduce((sum, { parts }) => sum + parts![key]! / SEEDS.length, 0);
        // errors in the target's unit are compared relative to the expected one
        const scale = key.endsWith("rmse") ? expected : 1;
        const tolerance = /^(xgboost|random-forest)/.test(key) ? 0.02 : 0.01;
        const far = Math.abs(got - expected) / scale > tolerance;
        expect({ key, far, got, expected }).toMatchObject({ far: false });
      }
    },
  );
});
